#include "app/messaging/topics.h"

#include <fmt/format.h>

#include "base/text.h"
#include "codec/mqtt/topic.h"

namespace allauth::app {
namespace {

constexpr std::string_view kSharePrefix = "$share/";
constexpr Reason kUnknown = "topic.unknown";

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
                                                                       : kUnknown);
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

// The domain that a topic names; else that of whoever asks, if they have one.
Verdict find_domain(const store::Snapshot& snapshot, const TopicScope& scope, const TopicParts& parts,
                    ChannelPlace& place) {
  if (parts.domain.empty()) {
    place.domain = scope.only.empty() ? snapshot.thing(kind::client, scope.client).domain
                                      : find_domain(snapshot, scope.only);
    return place.domain == store::kNoNode ? Verdict::deny(kUnknown) : Verdict::grant("topic.known");
  }
  place.domain = find_domain(snapshot, parts.domain);
  if (place.domain == store::kNoNode) return Verdict::deny("topic.domain_unknown");
  if (!scope.only.empty() && find_domain(snapshot, scope.only) != place.domain)
    return Verdict::deny("topic.other_domain");
  return Verdict::grant("topic.known");
}

Verdict find_owner(const store::Snapshot& snapshot, std::string_view own, TopicUse use, ChannelPlace& place) {
  const auto& topics = snapshot.topics();
  const auto match =
      use == TopicUse::name ? topics.find(place.domain, own) : topics.find_all(place.domain, own);
  switch (match.kind) {
    case store::TopicMatch::Kind::one:
      place.channel = match.channel;
      return Verdict::grant("topic.known");
    case store::TopicMatch::Kind::none:
      return Verdict::deny(kUnknown);
    case store::TopicMatch::Kind::many:
      return Verdict::deny("topic.many_channels");
    case store::TopicMatch::Kind::too_many:
      break;
  }
  return Verdict::fail("topic.too_complex");
}

Verdict find_place(const store::Snapshot& snapshot, const TopicScope& scope, const TopicParts& parts,
                   TopicUse use, ChannelPlace& place) {
  if (const auto found = find_domain(snapshot, scope, parts, place); !found.granted()) return found;
  if (parts.channel.empty()) {
    if (const auto found = find_owner(snapshot, parts.own, use, place); !found.granted()) return found;
  } else {
    place.channel = find_channel(snapshot, place.domain, parts.channel);
    if (place.channel == store::kNoNode) return Verdict::deny("topic.channel_unknown");
  }
  if (!snapshot.thing(place.domain).enabled()) return Verdict::deny("domain.disabled");
  if (!snapshot.thing(place.channel).enabled()) return Verdict::deny("channel.disabled");
  return Verdict::grant("topic.known");
}

// Cuts "$share/<group>/" off `rest`; nothing if it is not well-formed.
std::optional<std::string_view> cut_share(std::string_view& rest) {
  if (!rest.starts_with(kSharePrefix)) return std::string_view();
  const auto group_end = rest.find('/', kSharePrefix.size());
  if (group_end == std::string_view::npos || group_end == kSharePrefix.size()) return std::nullopt;
  const auto share = rest.substr(0, group_end + 1);
  rest.remove_prefix(group_end + 1);
  return share;
}

// What is a domain's own is called the same whichever channel has it.
std::string broker_name(const store::Snapshot& snapshot, const TopicParts& parts, const ChannelPlace& place) {
  if (place.domain == store::kNoNode) return {};
  const auto domain = snapshot.id(place.domain);
  if (parts.channel.empty()) return fmt::format("{}m/{}/t/{}", parts.share, domain, parts.own);
  if (place.channel == store::kNoNode) return {};
  return fmt::format("{}m/{}/c/{}{}", parts.share, domain, snapshot.id(place.channel), parts.subtopic);
}

bool is_own(std::string_view topic) { return !topic.empty() && !topic.starts_with('$'); }

}  // namespace

std::optional<TopicParts> parse_topic(std::string_view text) {
  std::string_view rest = text;
  const auto share = cut_share(rest);
  if (!share) return std::nullopt;
  TopicParts parts{.share = *share, .own = rest};
  if (cut_level(rest) != "m") return is_own(parts.own) ? std::optional(parts) : std::nullopt;
  parts.domain = cut_level(rest);
  const auto form = cut_level(rest);
  if (!is_name(parts.domain)) return std::nullopt;
  parts.own = form == "t" ? rest : std::string_view();
  if (form == "t") return is_own(rest) && cut_level(rest) != "m" ? std::optional(parts) : std::nullopt;
  const auto slash = rest.find('/');
  parts.channel = rest.substr(0, slash);
  parts.subtopic = slash == std::string_view::npos ? std::string_view() : rest.substr(slash);
  if (form != "c" || !is_name(parts.channel)) return std::nullopt;
  return parts;
}

ResolvedTopic resolve(const store::Snapshot& snapshot, const TopicScope& scope, std::string_view text,
                      TopicUse use) {
  if (!is_well_formed(text, use)) return {Verdict::deny("topic.invalid")};
  const auto parts = parse_topic(text);
  // A shared subscription's prefix is part of a filter, never of a topic.
  if (!parts || (use == TopicUse::name && !parts->share.empty())) return {refuse(text, use)};
  ResolvedTopic resolved;
  resolved.verdict = find_place(snapshot, scope, *parts, use, resolved.place);
  if (resolved.verdict.reason == kUnknown && parts->domain.empty()) resolved.verdict = refuse(text, use);
  resolved.broker_topic = broker_name(snapshot, *parts, resolved.place);
  if (resolved.broker_topic == text) resolved.broker_topic.clear();
  return resolved;
}

}  // namespace allauth::app
