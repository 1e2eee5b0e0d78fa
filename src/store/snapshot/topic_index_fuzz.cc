// Channels with any topics, and any questions: a line "1 a/+" gives channel 1 a topic, a line "? a/b" asks.
// Answers are those of a look at each filter.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <map>

#include "base/text.h"
#include "codec/mqtt/topic.h"
#include "store/snapshot/topic_index.h"

using namespace allauth;
using namespace allauth::store;

namespace {

using Owners = std::map<NodeId, Topics>;

void require(bool holds) {
  if (!holds) std::abort();
}

template <class Fits>
NodeId first_owner(const Owners& owners, Fits fits) {
  for (const auto& [channel, topics] : owners)
    if (std::ranges::any_of(topics, fits)) return channel;
  return kNoNode;
}

void give(Owners& owners, NodeId channel, std::string_view filter) {
  const auto parsed = parse_topics({std::string(filter)});
  if (!parsed) return;
  for (const auto& [other, topics] : owners)
    for (const auto& theirs : topics) {
      require(mqtt::filters_overlap(filter, theirs) == mqtt::filters_overlap(theirs, filter));
      if (mqtt::filters_overlap(filter, theirs) && (other != channel || theirs == filter)) return;
    }
  owners[channel].emplace_back(filter);
}

void ask(const TopicIndex& index, const Owners& owners, std::string_view text) {
  if (text.starts_with('$')) return;
  using Kind = TopicMatch::Kind;
  if (mqtt::is_topic_name(text)) {
    const auto match = index.find(1, text);
    const auto owner = first_owner(owners, [&](const auto& f) { return mqtt::topic_matches(f, text); });
    require(match.kind == Kind::too_many || match.channel == owner);
  } else if (mqtt::is_topic_filter(text)) {
    const auto match = index.find_all(1, text);
    const auto owner = first_owner(owners, [&](const auto& f) { return mqtt::filter_contains(f, text); });
    require(match.kind == Kind::too_many || owner == kNoNode || match.channel == owner);
    for (const auto& [channel, topics] : owners)
      for (const auto& filter : topics)
        require(match.kind != Kind::one || channel == match.channel || !mqtt::filters_overlap(filter, text));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto lines = split(std::string_view(reinterpret_cast<const char*>(data), size), '\n');
  Owners owners;
  for (const auto line : lines)
    if (line.size() > 2 && line[0] >= '1' && line[0] <= '9')
      give(owners, static_cast<NodeId>(line[0]), line.substr(2));
  TopicIndex::Editor edit{TopicIndex()};
  for (const auto& [channel, topics] : owners) edit.assign(1, channel, topics);
  const auto index = edit.freeze();
  for (const auto line : lines)
    if (line.size() > 2 && line[0] == '?') ask(index, owners, line.substr(2));
  for (const auto& [channel, topics] : owners) edit.assign(1, channel, {});
  require(edit.freeze().size() == 0);
  return 0;
}
