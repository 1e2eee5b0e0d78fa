#include "app/messaging/messages.h"

#include "app/access/gate.h"

namespace allauth::app {
namespace {

TopicUse use_of(MessageAction action) {
  const bool filter = action == MessageAction::subscribe || action == MessageAction::unsubscribe;
  return filter ? TopicUse::filter : TopicUse::name;
}

Verdict decide(const Core& core, const store::Snapshot& snapshot, const MessageQuestion& question,
               ChannelPlace place) {
  const bool publish = question.action == MessageAction::publish;
  const auto decision = core.engine.check(snapshot.graph(), to_number(snapshot.revision()),
                                          {.subject = question.who.principal.subject(),
                                           .restrictions = question.who.restrictions.get(),
                                           .permission = publish ? "can_publish" : "can_subscribe",
                                           .object = {kind::channel, snapshot.id(place.channel)},
                                           .context = {.now = core.clock.now(),
                                                       .action = to_string(question.action),
                                                       .qos = question.qos,
                                                       .retain = question.retain,
                                                       .properties = question.properties}});
  if (!decision) return Verdict::fail("policy.failed");
  return decision->allowed() ? Verdict::grant("message.allowed") : Verdict::deny("message.denied");
}

std::string_view client_of(const Authenticated& who) {
  return who.principal.kind == PrincipalKind::client ? std::string_view(who.principal.id)
                                                     : std::string_view();
}

// Of the context the schema has no conditions yet, so this is all that an answer can depend on.
void limit_qos(const MessageQuestion& question, MessageVerdict& answer) {
  answer.depends_on.qos = answer.qos < kMostQos;
  if (answer.verdict.granted() && question.qos > answer.qos) answer.verdict = Verdict::deny("message.qos");
}

MessageVerdict may_connect(const Core& core, const store::Snapshot& snapshot,
                           const MessageQuestion& question) {
  MessageVerdict answer{still_valid(snapshot, question.who, core.clock.now())};
  if (answer.verdict.granted()) answer.properties = question.who.properties;
  return answer;
}

}  // namespace

std::string_view to_string(MessageAction action) {
  switch (action) {
    case MessageAction::connect:
      return "connect";
    case MessageAction::publish:
      return "publish";
    case MessageAction::subscribe:
      return "subscribe";
    case MessageAction::unsubscribe:
      return "unsubscribe";
    case MessageAction::deliver:
      return "deliver";
  }
  return {};
}

MessageVerdict may_message(const Core& core, const store::Snapshot& snapshot,
                           const MessageQuestion& question) {
  if (question.action == MessageAction::connect) return may_connect(core, snapshot, question);
  const bool unsubscribe = question.action == MessageAction::unsubscribe;
  if (const auto usable = snapshot.check_usable(); !usable && !unsubscribe)
    return {Verdict::fail(usable.error().reason)};
  auto resolved =
      resolve(snapshot, {question.domain, client_of(question.who)}, question.topic, use_of(question.action));
  if (unsubscribe) return {Verdict::grant("message.allowed"), std::move(resolved.broker_topic)};
  if (!resolved.verdict.granted()) return {resolved.verdict};
  MessageVerdict answer{decide(core, snapshot, question, resolved.place), std::move(resolved.broker_topic)};
  answer.qos = snapshot.thing(resolved.place.channel).max_qos;
  if (question.action == MessageAction::publish) limit_qos(question, answer);
  return answer;
}

}  // namespace allauth::app
