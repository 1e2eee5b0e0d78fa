#include "codec/mqtt/topic.h"

namespace allauth::mqtt {
namespace {

constexpr std::string_view kShare = "$share/";

// Takes levels off the front. "a//b" has three levels, "" has one, which is empty.
class Levels {
 public:
  explicit Levels(std::string_view text) : rest_(text) {}

  bool done() const { return done_; }
  std::string_view next() {
    const auto slash = rest_.find('/');
    const auto level = rest_.substr(0, slash);
    if (slash == std::string_view::npos)
      done_ = true;
    else
      rest_.remove_prefix(slash + 1);
    return level;
  }

 private:
  std::string_view rest_;
  bool done_ = false;
};

bool has_wildcard(std::string_view text) { return text.find_first_of("+#") != std::string_view::npos; }

bool starts_with_wildcard(std::string_view filter) {
  return !filter.empty() && (filter.front() == '+' || filter.front() == '#');
}

bool is_plain_filter(std::string_view text) {
  if (text.empty()) return false;
  for (Levels levels(text); !levels.done();) {
    const auto level = levels.next();
    if (level.size() > 1 && has_wildcard(level)) return false;
    if (level == "#" && !levels.done()) return false;
  }
  return true;
}

// True if nothing but wildcards that match any number of levels from here on is left: "#", "+/#" at
// the root mean the same set, as a name always has one level.
bool is_everything_below_one_level(std::string_view filter) { return filter == "#" || filter == "+/#"; }

}  // namespace

bool is_topic_name(std::string_view text) {
  return !text.empty() && text.size() <= kMaxTopicBytes && text.find('\0') == std::string_view::npos &&
         !has_wildcard(text);
}

bool is_topic_filter(std::string_view text) {
  if (text.empty() || text.size() > kMaxTopicBytes || text.find('\0') != std::string_view::npos) return false;
  if (text.starts_with(kShare)) return parse_shared(text).has_value();
  return is_plain_filter(text);
}

std::optional<SharedFilter> parse_shared(std::string_view filter) {
  if (!filter.starts_with(kShare)) return std::nullopt;
  filter.remove_prefix(kShare.size());
  const auto slash = filter.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const auto group = filter.substr(0, slash);
  const auto inner = filter.substr(slash + 1);
  if (group.empty() || has_wildcard(group) || !is_plain_filter(inner)) return std::nullopt;
  return SharedFilter{group, inner};
}

std::string_view effective_filter(std::string_view filter) {
  const auto shared = parse_shared(filter);
  return shared ? shared->filter : filter;
}

bool topic_matches(std::string_view filter, std::string_view topic) {
  if (topic.empty() || filter.empty()) return false;
  if (topic.front() == '$' && starts_with_wildcard(filter)) return false;
  Levels wanted(filter);
  Levels given(topic);
  while (!wanted.done()) {
    const auto level = wanted.next();
    if (level == "#") return true;
    if (given.done()) return false;
    const auto name = given.next();
    if (level != "+" && level != name) return false;
    // "a/#" also matches "a" itself.
    if (given.done() && !wanted.done()) return wanted.next() == "#";
  }
  return given.done();
}

bool filter_contains(std::string_view outer, std::string_view inner) {
  outer = effective_filter(outer);
  inner = effective_filter(inner);
  if (outer.empty() || inner.empty()) return false;
  // A leading wildcard excludes names that start with '$', a literal one does not.
  if (starts_with_wildcard(outer) && inner.front() == '$') return false;
  if (is_everything_below_one_level(outer)) return true;
  if (is_everything_below_one_level(inner)) return false;
  // "" is no name, so below the empty level there is always another one.
  if (inner == "/#") inner = "/+/#";
  Levels wanted(outer);
  Levels given(inner);
  while (!wanted.done()) {
    const auto level = wanted.next();
    if (level == "#") return true;
    if (given.done()) return false;
    const auto name = given.next();
    if (name == "#") return false;
    if (level != "+" && level != name) return false;
    if (given.done() && !wanted.done()) return wanted.next() == "#";
  }
  return given.done();
}

bool filters_overlap(std::string_view one, std::string_view other) {
  if (one.starts_with('$') ? starts_with_wildcard(other)
                           : other.starts_with('$') && starts_with_wildcard(one))
    return false;
  // "" is no name, so below the empty level there is always another one.
  if (one == "/#") one = "/+/#";
  if (other == "/#") other = "/+/#";
  Levels ones(one);
  Levels others(other);
  while (!ones.done() && !others.done()) {
    const auto a = ones.next();
    const auto b = others.next();
    if (a == "#" || b == "#") return true;
    if (a != b && a != "+" && b != "+") return false;
  }
  if (ones.done() && others.done()) return true;
  // "a/#" also matches "a" itself.
  return (ones.done() ? others : ones).next() == "#";
}

}  // namespace allauth::mqtt
