#include "app/access/questions.h"

namespace allauth::app {
namespace {

// The permission as the schema calls it: actions go by their plain name, permissions begin with can_.
std::string permission_name(const policy::CompiledSchema& schema, const Question& question) {
  const auto definition = schema.find_definition(question.object_kind);
  const std::string computed = "can_" + question.permission;
  return definition && schema.find_member(*definition, computed) != nullptr ? computed : question.permission;
}

policy::ObjectRef container_of(const store::Snapshot& snapshot, const Question& question) {
  if (question.object_kind == kind::domain) return {kind::domain, question.object_id};
  const auto domain = snapshot.thing(question.object_kind, question.object_id).domain;
  return domain == store::kNoNode ? policy::ObjectRef{kind::platform, kPlatformId}
                                  : policy::ObjectRef{kind::domain, snapshot.id(domain)};
}

Result<void> require_may_ask(const Core& core, const Caller& caller, const Question& question) {
  const auto snapshot = core.snapshots.view();  // kept: the container's id is in it
  TRY(snapshot->check_usable());
  if (const auto valid = still_valid(*snapshot, caller.who, core.clock.now()); !valid.granted())
    return fail(Code::unauthenticated, "gate.credential", "The credential is not good any more.");
  if (!question.subject || *question.subject == caller.who.principal) return {};
  if (Gate(core).allows(caller, "can_role_read", container_of(*snapshot, question))) return {};
  return fail(Code::denied, "question.subject",
              "Asking about others takes the permission to see the roles there.", "subject");
}

bool may_see_reasons(const Core& core, const Caller& caller, const Question& question) {
  const auto snapshot = core.snapshots.view();
  const Gate gate(core);
  return gate.allows(caller, "can_role_read", container_of(*snapshot, question)) ||
         gate.allows(caller, "can_read", {question.object_kind, question.object_id});
}

struct Prepared {
  Principal subject;
  std::string permission;
};

Result<Prepared> prepare(const Core& core, const Caller& caller, const Question& question) {
  TRY(require_may_ask(core, caller, question));
  return Prepared{question.subject.value_or(caller.who.principal),
                  permission_name(core.engine.schema(), question)};
}

policy::CheckQuery query_of(const Core& core, const Caller& caller, const Question& question,
                            const Prepared& prepared) {
  const bool own = prepared.subject == caller.who.principal;
  return {.subject = prepared.subject.subject(),
          .restrictions = own ? caller.who.restrictions.get() : nullptr,
          .permission = prepared.permission,
          .object = {question.object_kind, question.object_id},
          .context = {.now = core.clock.now()}};
}

}  // namespace

Result<Answer> check(const Core& core, const Caller& caller, const Question& question) {
  TRY(const auto prepared, prepare(core, caller, question));
  const auto& snapshot = core.now();
  TRY(snapshot.check_usable());
  const auto& graph = snapshot.graph();
  TRY(const auto decision,
      core.engine.check(graph, to_number(snapshot.revision()), query_of(core, caller, question, prepared)));
  Answer answer{.allowed = decision.allowed(),
                .rule = core.engine.schema().rule_name(decision.rule()),
                .revision = snapshot.revision()};
  for (const auto node : decision.evidence()) {
    const auto name = graph.name(node);
    answer.evidence.push_back(fmt::format("{} {}", name.kind, name.id));
  }
  return answer;
}

Result<Explained> explain(const Core& core, const Caller& caller, const Question& question) {
  TRY(const auto prepared, prepare(core, caller, question));
  const auto& snapshot = core.now();
  TRY(snapshot.check_usable());
  TRY(const auto explanation, core.engine.explain(snapshot.graph(), to_number(snapshot.revision()),
                                                  query_of(core, caller, question, prepared)));
  Explained explained{.allowed = explanation.decision.allowed(), .text = {}, .steps = explanation.lines()};
  if (!explained.allowed && !may_see_reasons(core, caller, question)) {
    explained.text = fmt::format("{} {} may not {} this {}; what is missing is shown to those who may see it",
                                 to_string(prepared.subject.kind), prepared.subject.id, question.permission,
                                 question.object_kind);
    explained.steps.clear();
    return explained;
  }
  explained.text = std::move(explained.steps.front());
  explained.steps.erase(explained.steps.begin());
  return explained;
}

}  // namespace allauth::app
