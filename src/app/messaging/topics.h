// Topics as this product names channels: m/<domain>/c/<channel>[/<subtopic>], domain and channel by
// id or route. A broker sees ids only, so that all names of a channel are one topic there.
#pragma once

#include <string>
#include <string_view>

#include "base/verdict.h"
#include "store/snapshot/snapshot.h"

namespace allauth::app {

// A topic or filter taken apart; views into the text.
struct TopicParts {
  std::string_view share;     // "$share/<group>/" of a shared subscription; else empty
  std::string_view domain;    // id or route
  std::string_view channel;   // id or route
  std::string_view subtopic;  // with its leading '/', or empty
};

// Nothing if the text has another form, or a wildcard where domain or channel belong.
std::optional<TopicParts> parse_topic(std::string_view text);

struct ChannelPlace {
  store::NodeId domain = store::kNoNode;
  store::NodeId channel = store::kNoNode;
};

// Both by id or route; an id wins. The verdict denies what does not exist or is disabled.
struct Resolved {
  Verdict verdict;
  ChannelPlace place;
};
Resolved resolve(const store::Snapshot& snapshot, const TopicParts& parts);

// The topic or filter as a broker sees it.
std::string broker_topic(const store::Snapshot& snapshot, const TopicParts& parts, ChannelPlace place);

}  // namespace allauth::app
