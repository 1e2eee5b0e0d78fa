#include "model/topics.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "codec/mqtt/topic.h"
#include "model/values.h"

namespace allauth {
namespace {

bool is_reserved(std::string_view filter) {
  return filter.starts_with('$') || filter == "m" || filter.starts_with("m/");
}

bool is_topic(std::string_view filter) {
  const auto levels = static_cast<std::size_t>(std::ranges::count(filter, '/')) + 1;
  return filter.size() <= kMaxTopicText && levels <= kMaxTopicLevels && mqtt::is_topic_filter(filter) &&
         is_utf8(filter) && !has_control_characters(filter);
}

}  // namespace

Result<Topics> parse_topics(std::vector<std::string> topics, std::string_view field) {
  if (topics.size() > kMaxTopics)
    return fail(Code::invalid, "topics.too_many", fmt::format("A channel has at most {} topics.", kMaxTopics),
                std::string(field));
  for (std::size_t i = 0; i < topics.size(); ++i) {
    auto place = fmt::format("{}[{}]", field, i);
    if (is_reserved(topics[i]))
      return fail(Code::invalid, "topics.reserved",
                  "A topic of one's own does not begin with \"m/\", nor with \"$\".", std::move(place));
    if (!is_topic(topics[i]))
      return fail(
          Code::invalid, "topics.invalid",
          fmt::format("A topic is a filter of MQTT, such as plants/+/temp/#, of at most {} bytes and {} "
                      "levels, without control characters.",
                      kMaxTopicText, kMaxTopicLevels),
          std::move(place));
  }
  std::ranges::sort(topics);
  const auto repeated = std::ranges::unique(topics);
  topics.erase(repeated.begin(), repeated.end());
  return topics;
}

std::string topic_head(std::string_view filter) {
  const auto wildcard = filter.find_first_of("+#");
  if (wildcard == std::string_view::npos) return std::string(filter) + '/';
  return std::string(filter.substr(0, wildcard));
}

}  // namespace allauth
