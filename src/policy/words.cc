#include "policy/words.h"

#include <algorithm>

namespace allauth::policy {
namespace {

std::string text_of(const ObjectRef& object) { return fmt::format("{} {}", object.kind, object.id); }

}  // namespace

std::string Words::name(NodeId node) const {
  return text_of(node == kNoNode ? query_.object : graph_.name(node));
}

std::string Words::subject() const {
  std::string text = text_of(query_.subject.object);
  if (!query_.subject.relation.empty()) text += fmt::format(" # {}", query_.subject.relation);
  return text;
}

std::string Words::everyone() const { return fmt::format("{} {}", query_.subject.object.kind, kEveryone); }

std::string Words::member(MemberId id) const { return std::string(graph_.schema().member_text(id)); }

// Which step of the task's plan goes along that label?
MemberId Words::rule_between(const Search::Task& from, Label label) const {
  const CompiledSchema& schema = graph_.schema();
  const Plan& plan = schema.member(from.member).plan;
  if (label.is_grant()) return graph_.rule_of_grant(plan, label, from.member);
  for (const StepId id : plan.steps) {
    const Step& step = schema.step(id);
    if (step.kind != Step::Kind::grants &&
        std::ranges::find(step.hops, label, &Hop::label) != step.hops.end())
      return step.rule;
  }
  return from.member;
}

// A userset edge names the subject's relation; an arrow looks at the object behind it only.
Link Words::link(const Search::Task& from, Label label, NodeId to, MemberId asked) const {
  const NameId asked_name = graph_.schema().member(asked).name;
  const bool names_relation = label.is_grant() || (label.bits() & kMaxName) == asked_name;
  std::string subject = name(to);
  if (names_relation) subject += fmt::format(" # {}", graph_.schema().name(asked_name));
  const auto kind = label.is_denial()  ? Link::Kind::denial
                    : label.is_grant() ? Link::Kind::grant
                                       : Link::Kind::edge;
  return {name(from.node), member(rule_between(from, label)), std::move(subject), kind};
}

}  // namespace allauth::policy
