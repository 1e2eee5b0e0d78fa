// Topic names and topic filters (MQTT 3.1.1 and 5.0 §4.7, §4.8.2): bytes are compared as they are,
// levels are separated by '/', a filter that starts with a wildcard does not match a name that
// starts with '$'. Pure functions without allocation.
#pragma once

#include <optional>
#include <string_view>

namespace allauth::mqtt {

inline constexpr std::size_t kMaxTopicBytes = 65535;

// 1 to 65 535 bytes without '+', '#' and NUL. That it is UTF-8 is the decoder's business.
bool is_topic_name(std::string_view text);

// 1 to 65 535 bytes; '+' alone in its level, '#' alone in the last one. A filter that starts with
// "$share/" must be a well-formed shared subscription.
bool is_topic_filter(std::string_view text);

// "$share/<group>/<filter>": the group has at least one character, none of them '+' or '#', and
// so has the filter.
struct SharedFilter {
  std::string_view group;
  std::string_view filter;
};
// Nothing for a filter that is not shared, or not well-formed as such.
std::optional<SharedFilter> parse_shared(std::string_view filter);

// The filter without its "$share/<group>/" prefix, if it has one.
std::string_view effective_filter(std::string_view filter);

// True if a message on `topic` is delivered to a subscription of `filter`. Both must be valid; a
// "$share/" prefix must have been taken off before.
bool topic_matches(std::string_view filter, std::string_view topic);

// True if every topic that `inner` matches is also matched by `outer`: what an access rule `outer`
// must fulfil to permit the subscription `inner`. "$share/" prefixes are ignored on both sides.
bool filter_contains(std::string_view outer, std::string_view inner);

// True if some topic is matched by both. Both must be valid and without "$share/" prefix.
bool filters_overlap(std::string_view one, std::string_view other);

}  // namespace allauth::mqtt
