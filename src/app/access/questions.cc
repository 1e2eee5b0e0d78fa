#include "app/access/questions.h"

#include <deque>

#include "model/relationship.h"

namespace allauth::app {

Result<Asking> Asking::begin(const Core& core, const Caller& caller) {
  Asking asking(core, caller);
  TRY(asking.snapshot_->check_usable());
  if (!still_valid(*asking.snapshot_, caller.who, asking.now_).granted())
    return fail(Code::unauthenticated, "gate.credential", "The credential is not good any more.");
  return asking;
}

// Actions go by their plain name, permissions begin with can_.
std::string_view Asking::name_permission(std::string_view kind, std::string_view permission) {
  const auto& schema = snapshot_->graph().schema();
  const auto definition = schema.find_definition(kind);
  permission_.assign("can_").append(permission);
  const bool computed = definition && schema.find_member(*definition, permission_) != nullptr;
  return computed ? std::string_view(permission_) : permission;
}

policy::ObjectRef Asking::container_of(const policy::ObjectRef& object) const {
  if (object.kind == kind::domain) return object;
  const auto domain = snapshot_->thing(object.kind, object.id).domain;
  return domain == store::kNoNode ? policy::ObjectRef{kind::platform, kPlatformId}
                                  : policy::ObjectRef{kind::domain, snapshot_->id(domain)};
}

bool Asking::caller_may(std::string_view permission, policy::ObjectRef object) const {
  const auto decision = core_.engine.check(snapshot_->graph(), to_number(snapshot_->revision()),
                                           {.subject = caller_.who.principal.subject(),
                                            .restrictions = caller_.who.restrictions.get(),
                                            .permission = permission,
                                            .object = object,
                                            .context = {.now = now_}});
  return decision && decision->allowed();
}

bool Asking::may_see_roles(policy::ObjectRef container) {
  if (container != seen_container_) {
    seen_container_ = container;
    sees_roles_ = caller_may("can_role_read", container) ||
                  (container.kind == kind::platform && caller_may("can_policy_read", container));
  }
  return sees_roles_;
}

bool Asking::may_see_reasons(const Question& question) {
  return may_see_roles(container_of(question.object)) || caller_may("can_read", question.object);
}

Result<policy::CheckQuery> Asking::prepare(const Question& question) {
  if (core_.clock.tick() - started_ > kMostTime)
    return fail({.code = Code::exhausted,
                 .reason = "question.time",
                 .message = "These questions take too long together; ask fewer at once.",
                 .retry_after = Seconds(1)});
  const auto self = caller_.who.principal.subject();
  const bool own = !question.subject || *question.subject == self;
  if ((!own || !question.relationships.empty()) && !may_see_roles(container_of(question.object)))
    return fail(
        Code::denied, "question.subject",
        "Asking about others, or with relationships of one's own, takes the permission to see the roles "
        "there.",
        "subject");
  for (const auto& edge : question.relationships)
    if (!is_own_kind(edge.resource.kind))
      return fail(Code::invalid, "policy.relationship.managed",
                  "Only relationships of the installation's own kinds can be brought.",
                  "context.relationships");
  return policy::CheckQuery{.subject = own ? self : *question.subject,
                            .restrictions = own ? caller_.who.restrictions.get() : nullptr,
                            .permission = name_permission(question.object.kind, question.permission),
                            .object = question.object,
                            .context = {.now = now_},
                            .guests = question.relationships};
}

Result<policy::Decision> Asking::decide(const Question& question) {
  TRY(const auto query, prepare(question));
  return core_.engine.check(snapshot_->graph(), to_number(snapshot_->revision()), query);
}

std::vector<Result<policy::Decision>> Asking::decide_all(std::span<const Question> questions) {
  std::vector<std::optional<Error>> refused(questions.size());
  std::deque<std::string> permissions;
  std::vector<policy::CheckQuery> queries;
  for (std::size_t i = 0; i < questions.size(); ++i) {
    auto query = prepare(questions[i]);
    if (!query) {
      refused[i] = std::move(query).error();
      continue;
    }
    query->permission = permissions.emplace_back(query->permission);
    queries.push_back(*query);
  }
  auto answered = core_.engine.check_many(snapshot_->graph(), to_number(snapshot_->revision()), queries);
  auto next = answered.begin();
  std::vector<Result<policy::Decision>> all;
  all.reserve(questions.size());
  for (auto& error : refused) {
    if (error)
      all.emplace_back(fail(*std::move(error)));
    else
      all.push_back(std::move(*next++));
  }
  return all;
}

Result<policy::Explanation> Asking::explain(const Question& question) {
  TRY(const auto query, prepare(question));
  return core_.engine.explain(snapshot_->graph(), to_number(snapshot_->revision()), query);
}

Result<Answer> check(const Core& core, const Caller& caller, const Question& question) {
  TRY(auto asking, Asking::begin(core, caller));
  TRY(const auto decision, asking.decide(question));
  Answer answer{.allowed = decision.allowed(),
                .rule = asking.snapshot().graph().schema().rule_name(decision.rule()),
                .revision = asking.snapshot().revision()};
  answer.evidence.reserve(decision.evidence().size());
  for (const auto node : decision.evidence()) {
    const auto name = asking.snapshot().graph().name(node);
    answer.evidence.push_back(std::string(name.kind).append(" ").append(name.id));
  }
  return answer;
}

Result<Explained> explain(const Core& core, const Caller& caller, const Question& question) {
  TRY(auto asking, Asking::begin(core, caller));
  TRY(const auto explanation, asking.explain(question));
  Explained explained{.allowed = explanation.decision.allowed(), .text = {}, .steps = explanation.lines()};
  // Whoever is told that the domain is closed may do it as soon as it is not; what scopes lack says nothing
  // that was not asked.
  const auto rule = explanation.decision.rule();
  const bool open = rule == policy::kClosedRule || rule == policy::kRestrictedRule;
  if (!explained.allowed && !open && !asking.may_see_reasons(question)) {
    const auto subject = question.subject.value_or(caller.who.principal.subject());
    explained.text =
        fmt::format("{} {}{}{} may not {} this {}; what is missing is shown to those who may see it",
                    subject.object.kind, subject.object.id, subject.relation.empty() ? "" : "#",
                    subject.relation, question.permission, question.object.kind);
    explained.steps.clear();
    return explained;
  }
  explained.text = std::move(explained.steps.front());
  explained.steps.erase(explained.steps.begin());
  return explained;
}

}  // namespace allauth::app
