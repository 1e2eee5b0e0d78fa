// What no Guard needs to be asked: topics and filters that the gateway passes on to nobody.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string_view>

#include "codec/mqtt/packet.h"
#include "codec/mqtt/wire.h"
#include "mqtt/guard.h"

namespace allauth::mqtt {

inline constexpr Reason kTopicTooLong = "topic.too_long";
// A topic name under "$share/": legal to no broker, and a filter's prefix to others.
inline constexpr Reason kTopicShared = "topic.shared";

inline constexpr Reason kTooManyProperties = "mqtt.properties.too_many";

// Whether there are more user properties than a decision looks at.
inline bool has_too_many(const PropertyView& properties, std::size_t most) {
  std::size_t user = 0;
  for (const auto& property : properties) user += property.id == PropertyId::user_property ? 1 : 0;
  return user > most;
}

inline Asked asked_of(const Publish& publish) {
  return {static_cast<std::uint8_t>(publish.qos), publish.retain, publish.properties};
}

// Whatever the limit, a packet has no room for more than kMaxFieldBytes.
inline bool is_too_long(std::string_view name, std::size_t max_bytes) {
  return name.size() > std::min(max_bytes, kMaxFieldBytes);
}

inline Verdict check_filter(std::string_view filter, std::size_t max_bytes) {
  return is_too_long(filter, max_bytes) ? Verdict::deny(kTopicTooLong) : Verdict::grant("topic.possible");
}

inline Verdict check_topic(std::string_view topic, std::size_t max_bytes) {
  return topic.starts_with("$share/") ? Verdict::deny(kTopicShared) : check_filter(topic, max_bytes);
}

// The answer, unless it is to use a name that is too long.
inline TopicVerdict limited(TopicVerdict answer, std::size_t max_bytes) {
  if (is_too_long(answer.topic, max_bytes)) return {Verdict::deny(kTopicTooLong), {}};
  return answer;
}

}  // namespace allauth::mqtt
