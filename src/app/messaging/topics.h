// Topics as this product names channels: m/<domain>/c/<channel>[/<subtopic>], domain and channel by id or
// route; and a channel's own topics (model/topics.h), which are m/<domain>/t/<topic>, or just <topic> for who
// belongs to the domain. A broker sees ids only, so that all names of a topic are one there, and those of two
// domains are apart.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/verdict.h"
#include "store/snapshot/snapshot.h"

namespace allauth::app {

// A topic or filter taken apart; views into the text.
struct TopicParts {
  std::string_view share = {};     // "$share/<group>/" of a shared subscription; else empty
  std::string_view domain = {};    // id or route; empty: that of whoever asks
  std::string_view channel = {};   // id or route; empty: whose the topic `own` is
  std::string_view subtopic = {};  // with its leading '/', or empty
  std::string_view own = {};
};

// Nothing if the text has no such form, or a wildcard where domain or channel belong.
std::optional<TopicParts> parse_topic(std::string_view text);

struct ChannelPlace {
  store::NodeId domain = store::kNoNode;
  store::NodeId channel = store::kNoNode;
};

enum class TopicUse {
  name,    // of a message
  filter,  // of a subscription
};

// Who asks.
struct TopicScope {
  std::string_view only = {};    // domain that they may name, by id or route; empty: any
  std::string_view client = {};  // id of the client that asks, which belongs to a domain; empty: it is none
};

// What a topic or filter is about. It is about one channel: each channel has all topics below
// m/<domain>/c/<channel>, and its own.
struct ResolvedTopic {
  // Granted, or denied for what was not found or is disabled, with one of the reasons of resolve().
  Verdict verdict;
  ChannelPlace place = {};        // as far as it was found
  std::string broker_topic = {};  // with ids; empty if it is the same, or not known
};

// The one way from a text to a channel, for all who are asked about topics. Domain and channel are looked for
// by id first. A topic without a domain is looked for in the asker's: the only one, or the client's. As with
// "$", a filter that begins with a wildcard is not about what begins with the level "m". Reasons:
// topic.known; topic.invalid (no topic or filter of MQTT, §4.7), topic.reserved (begins with `$`, which
// belongs to the broker), topic.many_channels (a filter that goes beyond the topics of one channel, which is
// refused whatever is granted on each), topic.unknown (no channel has it), topic.other_domain,
// topic.domain_unknown, topic.channel_unknown, domain.disabled, channel.disabled; error topic.too_complex.
ResolvedTopic resolve(const store::Snapshot& snapshot, const TopicScope& scope, std::string_view text,
                      TopicUse use);

}  // namespace allauth::app
