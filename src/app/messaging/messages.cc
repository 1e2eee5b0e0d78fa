#include "app/messaging/messages.h"

namespace allauth::app {
namespace {

std::string_view permission_of(MessageAction action) {
  return action == MessageAction::publish ? "can_publish" : "can_subscribe";
}

Verdict decide(const Core& core, const store::Snapshot& snapshot, const Authenticated& who,
               MessageAction action, ChannelPlace place) {
  const auto decision = core.engine.check(snapshot.graph(), to_number(snapshot.revision()),
                                          {.subject = who.principal.subject(),
                                           .restrictions = who.restrictions.get(),
                                           .permission = permission_of(action),
                                           .object = {kind::channel, snapshot.id(place.channel)}});
  if (!decision) return Verdict::fail("policy.failed");
  return decision->allowed() ? Verdict::grant("message.allowed") : Verdict::deny("message.denied");
}

}  // namespace

MessageVerdict may_message(const Core& core, const store::Snapshot& snapshot, const Authenticated& who,
                           MessageAction action, std::string_view topic) {
  if (const auto usable = snapshot.check_usable(); !usable) return {Verdict::fail(usable.error().reason), {}};
  const auto parts = parse_topic(topic);
  // A shared subscription's prefix is part of a filter, never of a topic.
  if (!parts || (action == MessageAction::publish && !parts->share.empty()))
    return {Verdict::deny("topic.unknown"), {}};
  const auto resolved = resolve(snapshot, *parts);
  if (!resolved.verdict.granted()) return {resolved.verdict, {}};
  std::string seen = broker_topic(snapshot, *parts, resolved.place);
  if (seen == topic) seen.clear();
  return {decide(core, snapshot, who, action, resolved.place), std::move(seen)};
}

}  // namespace allauth::app
