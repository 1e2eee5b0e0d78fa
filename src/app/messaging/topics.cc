#include "app/messaging/topics.h"

#include <fmt/format.h>

#include "base/text.h"
#include "codec/mqtt/topic.h"

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

// Does it match topics of more than one channel? Wildcards stand where domain or channel belong.
bool spans_channels(std::string_view filter) {
  for (const std::string_view fixed : {"m", "", "c", ""}) {
    const auto level = cut_level(filter);
    if (level == "#") return true;
    if (level.empty()) return false;
    if (!fixed.empty() && level != fixed && level != "+") return false;
  }
  return true;
}

bool is_well_formed(std::string_view text, TopicUse use) {
  const bool fits = use == TopicUse::name ? mqtt::is_topic_name(text) : mqtt::is_topic_filter(text);
  return fits && is_utf8(text);
}

// Why a text is not about one channel.
Verdict refuse(std::string_view text, TopicUse use) {
  if (use == TopicUse::filter) text = mqtt::effective_filter(text);
  if (text.starts_with('$')) return Verdict::deny("topic.reserved");
  return Verdict::deny(use == TopicUse::filter && spans_channels(text) ? Reason("topic.many_channels")
                                                                       : Reason("topic.unknown"));
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

Verdict find_place(const store::Snapshot& snapshot, std::string_view only, const TopicParts& parts,
                   ChannelPlace& place) {
  place.domain = find_domain(snapshot, parts.domain);
  if (place.domain == store::kNoNode) return Verdict::deny("topic.domain_unknown");
  if (!only.empty() && find_domain(snapshot, only) != place.domain)
    return Verdict::deny("topic.other_domain");
  place.channel = find_channel(snapshot, place.domain, parts.channel);
  if (place.channel == store::kNoNode) return Verdict::deny("topic.channel_unknown");
  if (!snapshot.thing(place.domain).enabled()) return Verdict::deny("domain.disabled");
  if (!snapshot.thing(place.channel).enabled()) return Verdict::deny("channel.disabled");
  return Verdict::grant("topic.known");
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

ResolvedTopic resolve(const store::Snapshot& snapshot, std::string_view domain, std::string_view text,
                      TopicUse use) {
  if (!is_well_formed(text, use)) return {Verdict::deny("topic.invalid")};
  const auto parts = parse_topic(text);
  // A shared subscription's prefix is part of a filter, never of a topic.
  if (!parts || (use == TopicUse::name && !parts->share.empty())) return {refuse(text, use)};
  ResolvedTopic resolved;
  resolved.verdict = find_place(snapshot, domain, *parts, resolved.place);
  if (resolved.place.channel == store::kNoNode) return resolved;
  resolved.broker_topic = fmt::format("{}m/{}/c/{}{}", parts->share, snapshot.id(resolved.place.domain),
                                      snapshot.id(resolved.place.channel), parts->subtopic);
  if (resolved.broker_topic == text) resolved.broker_topic.clear();
  return resolved;
}

}  // namespace allauth::app
