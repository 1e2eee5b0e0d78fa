// Topics as this product names channels: m/<domain>/c/<channel>[/<subtopic>], domain and channel by
// id or route. A broker sees ids only, so that all names of a channel are one topic there.
#pragma once

#include <optional>
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

enum class TopicUse {
  name,    // of a message
  filter,  // of a subscription
};

// What a topic or filter is about. It is about one channel: each channel has all topics below
// m/<domain>/c/<channel>, and no others.
struct ResolvedTopic {
  // Granted, or denied for what was not found or is disabled, with one of the reasons of resolve().
  Verdict verdict;
  ChannelPlace place = {};        // as far as it was found
  std::string broker_topic = {};  // with ids; empty if it is the same, or nothing was found
};

// The one way from a text to a channel, for all who are asked about topics. `domain` is the only one that the
// asker may name, by id or route; empty: any. Domain and channel are looked for by id first.
// Reasons: topic.known; topic.invalid (no topic or filter of MQTT, §4.7), topic.reserved (begins with `$`,
// which belongs to the broker), topic.many_channels (a filter that matches topics of several channels, which
// is refused whatever is granted on each), topic.unknown (not of our form), topic.other_domain,
// topic.domain_unknown, topic.channel_unknown, domain.disabled, channel.disabled.
ResolvedTopic resolve(const store::Snapshot& snapshot, std::string_view domain, std::string_view text,
                      TopicUse use);

}  // namespace allauth::app
