#include "store/snapshot/topic_index.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace allauth::store {
namespace {

constexpr std::string_view kOne = "+";
constexpr std::string_view kRest = "#";

// The levels of a text, and then some more of any name. A level that is "+" stands for any name as well.
class Levels {
 public:
  explicit Levels(std::string_view text) : rest_(text), left_(true) {}
  Levels(std::string_view text, bool has_text, unsigned more) : rest_(text), left_(has_text), more_(more) {}

  bool done() const { return !left_ && more_ == 0; }
  std::string_view next() {
    if (!left_) {
      --more_;
      return kOne;
    }
    const auto slash = rest_.find('/');
    const auto level = rest_.substr(0, slash);
    left_ = slash != std::string_view::npos;
    if (left_) rest_.remove_prefix(slash + 1);
    return level;
  }

 private:
  std::string_view rest_;
  bool left_;
  unsigned more_ = 0;
};

// A filter as the levels of its steps, and whether "#" follows. That alone is a step like others.
std::pair<std::vector<std::string_view>, bool> steps_of(std::string_view filter) {
  std::vector<std::string_view> levels;
  for (Levels rest(filter); !rest.done();) levels.push_back(rest.next());
  const bool below = levels.size() > 1 && levels.back() == kRest;
  if (below) levels.pop_back();
  return {std::move(levels), below};
}

}  // namespace

// From the first level to the last, by the name and by "+".
class TopicIndex::Search {
 public:
  explicit Search(const Steps& steps) : steps_(steps) {}

  // Filters of different channels do not overlap, so the first that is found is of the only channel.
  bool run(NodeId domain, Levels levels) {
    if (const Place* all = step(domain, kRest)) return found(all->here, true);
    return go_on(domain, levels);
  }

  NodeId channel() const { return channel_; }
  // It matches whatever comes behind as well.
  bool and_below() const { return and_below_; }
  // There are filters that go further than the levels did.
  bool reached() const { return reached_; }
  bool too_many() const { return left_ < 0; }

 private:
  const Place* step(std::uint64_t from, std::string_view level) {
    return --left_ < 0 ? nullptr : steps_.find(StepView{from, level});
  }
  bool found(NodeId channel, bool and_below) {
    channel_ = channel;
    and_below_ = and_below;
    return true;
  }
  bool go_on(std::uint64_t from, Levels levels) {
    const auto level = levels.next();
    if (level != kOne && arrive(step(from, level), levels)) return true;
    return arrive(step(from, kOne), levels);
  }
  bool arrive(const Place* at, Levels levels) {
    if (at == nullptr) return false;
    if (at->below != kNoNode) return found(at->below, true);
    if (!levels.done()) return go_on(at->number, levels);
    reached_ = true;
    return at->here != kNoNode && found(at->here, false);
  }

  const Steps& steps_;
  int left_ = kMaxSteps;
  NodeId channel_ = kNoNode;
  bool and_below_ = false;
  bool reached_ = false;
};

TopicMatch TopicIndex::find(NodeId domain, std::string_view topic) const {
  Search search(steps_);
  if (search.run(domain, Levels(topic))) return {TopicMatch::Kind::one, search.channel()};
  return {search.too_many() ? TopicMatch::Kind::too_many : TopicMatch::Kind::none};
}

// A name that no filter has can only be matched by "+" and "#": who matches it in the place of a wildcard
// matches every name there. So a filter is contained if topics of such names are, with "#" those of every
// number of levels; from some number on, only a "#" can do that.
TopicMatch TopicIndex::find_all(NodeId domain, std::string_view filter) const {
  using Kind = TopicMatch::Kind;
  const bool open = filter == kRest || filter.ends_with("/#");
  if (!open) return find(domain, filter);
  const bool has_text = filter != kRest;
  const auto text = filter.substr(0, has_text ? filter.size() - 2 : 0);
  NodeId channel = kNoNode;
  Search search(steps_);
  // No topic is empty.
  for (unsigned more = text.empty() ? 1 : 0;; ++more) {
    const bool any = search.run(domain, Levels(text, has_text, more));
    if (search.too_many() && !any) return {Kind::too_many};
    if (!any) return {channel != kNoNode || search.reached() ? Kind::many : Kind::none};
    if (channel != kNoNode && search.channel() != channel) return {Kind::many};
    channel = search.channel();
    if (search.and_below()) return {Kind::one, channel};
  }
}

void TopicIndex::Editor::assign(NodeId domain, NodeId channel, const Topics& topics) {
  const auto* slot = owned_.find(channel);
  const auto before = slot != nullptr ? *slot : nullptr;
  if (before == nullptr ? topics.empty() : before->domain == domain && before->topics == topics) return;
  if (before != nullptr)
    for (const auto& filter : before->topics) remove(before->domain, channel, filter);
  for (const auto& filter : topics) add(domain, channel, filter);
  owned_.at(channel) = topics.empty() ? nullptr : std::make_shared<const Owned>(Owned{domain, topics});
}

void TopicIndex::Editor::add(NodeId domain, NodeId channel, std::string_view filter) {
  const auto [levels, below] = steps_of(filter);
  std::uint64_t from = domain;
  for (std::size_t i = 0; i < levels.size(); ++i) {
    const Place* known = steps_.find(StepView{from, levels[i]});
    Place place = known != nullptr ? *known : Place{.number = next_++};
    ++place.uses;
    if (i + 1 == levels.size()) (below ? place.below : place.here) = channel;
    steps_.assign({from, std::string(levels[i])}, place);
    from = place.number;
  }
}

void TopicIndex::Editor::remove(NodeId domain, NodeId channel, std::string_view filter) {
  const auto [levels, below] = steps_of(filter);
  std::uint64_t from = domain;
  for (std::size_t i = 0; i < levels.size(); ++i) {
    const StepView step{from, levels[i]};
    Place place = *steps_.find(step);
    --place.uses;
    NodeId& owner = below ? place.below : place.here;
    if (i + 1 == levels.size() && owner == channel) owner = kNoNode;
    if (place.uses == 0)
      steps_.erase(step);
    else
      steps_.assign({from, std::string(levels[i])}, place);
    from = place.number;
  }
}

TopicIndex TopicIndex::Editor::freeze() {
  TopicIndex next;
  next.steps_ = steps_.freeze();
  next.owned_ = owned_.freeze();
  next.next_ = next_;
  return next;
}

}  // namespace allauth::store
