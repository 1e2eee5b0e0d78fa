// The topics that a channel has besides m/<domain>/c/<channel>/#: filters of MQTT (§4.7), free within a
// domain. No topic of a domain belongs to two of its channels.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace allauth {

inline constexpr std::size_t kMaxTopics = 32;      // of a channel
inline constexpr std::size_t kMaxTopicText = 256;  // bytes of each
inline constexpr std::size_t kMaxTopicLevels = 16;

inline constexpr std::uint8_t kMostQos = 2;  // that MQTT has

using Topics = std::vector<std::string>;

// At most kMaxTopics different ones, sorted; each a filter in UTF-8 without control characters, which does
// not begin with "$" (those are the broker's) nor with the level "m" (that names channels by id or route).
// Errors, invalid: topics.too_many, topics.invalid, topics.reserved.
Result<Topics> parse_topics(std::vector<std::string> topics, std::string_view field = "topics");

// The levels before the first wildcard, each with a '/' behind it: "a/" of "a/+/b", "a/b/" of "a/b". Two
// filters can only overlap if the head of one begins with that of the other.
std::string topic_head(std::string_view filter);

}  // namespace allauth
