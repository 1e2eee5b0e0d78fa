#include "app/messaging/topics.h"

#include <fmt/format.h>

namespace allauth::app {
namespace {

constexpr std::string_view kSharePrefix = "$share/";

// Cuts the text before the next '/' off `rest`; the '/' goes with it.
std::string_view cut_level(std::string_view& rest) {
  const auto slash = rest.find('/');
  const auto level = rest.substr(0, slash);
  rest = slash == std::string_view::npos ? std::string_view() : rest.substr(slash + 1);
  return level;
}

bool is_name(std::string_view level) {
  return !level.empty() && level.find_first_of("+#") == std::string_view::npos;
}

store::NodeId find_domain(const store::Snapshot& snapshot, std::string_view name) {
  const auto by_id = snapshot.find(kind::domain, name);
  return snapshot.thing(by_id).exists() ? by_id : snapshot.find_domain_route(name);
}

store::NodeId find_channel(const store::Snapshot& snapshot, store::NodeId domain, std::string_view name) {
  const auto by_id = snapshot.find(kind::channel, name);
  const auto& thing = snapshot.thing(by_id);
  return thing.exists() && thing.domain == domain ? by_id : snapshot.find_channel_route(domain, name);
}

}  // namespace

std::optional<TopicParts> parse_topic(std::string_view text) {
  TopicParts parts;
  std::string_view rest = text;
  if (rest.starts_with(kSharePrefix)) {
    const auto group_end = rest.find('/', kSharePrefix.size());
    if (group_end == std::string_view::npos || group_end == kSharePrefix.size()) return std::nullopt;
    parts.share = rest.substr(0, group_end + 1);
    rest.remove_prefix(group_end + 1);
  }
  if (cut_level(rest) != "m") return std::nullopt;
  parts.domain = cut_level(rest);
  if (cut_level(rest) != "c") return std::nullopt;
  const auto slash = rest.find('/');
  parts.channel = rest.substr(0, slash);
  parts.subtopic = slash == std::string_view::npos ? std::string_view() : rest.substr(slash);
  if (!is_name(parts.domain) || !is_name(parts.channel)) return std::nullopt;
  return parts;
}

Resolved resolve(const store::Snapshot& snapshot, const TopicParts& parts) {
  const auto domain = find_domain(snapshot, parts.domain);
  if (domain == store::kNoNode) return {Verdict::deny("topic.domain_unknown"), {}};
  const auto channel = find_channel(snapshot, domain, parts.channel);
  if (channel == store::kNoNode) return {Verdict::deny("topic.channel_unknown"), {}};
  const ChannelPlace place{domain, channel};
  if (!snapshot.thing(domain).enabled()) return {Verdict::deny("domain.disabled"), place};
  if (!snapshot.thing(channel).enabled()) return {Verdict::deny("channel.disabled"), place};
  return {Verdict::grant("topic.known"), place};
}

std::string broker_topic(const store::Snapshot& snapshot, const TopicParts& parts, ChannelPlace place) {
  return fmt::format("{}m/{}/c/{}{}", parts.share, snapshot.id(place.domain), snapshot.id(place.channel),
                     parts.subtopic);
}

}  // namespace allauth::app
