#include <algorithm>

#include "policy/check.h"
#include "policy/explainer.h"
#include "policy/search.h"

namespace allauth::policy {
namespace {

bool covers(std::string_view limit, std::string_view value) { return limit == "*" || limit == value; }

std::unexpected<Error> unknown_kind(std::string_view kind) {
  return fail(Code::invalid, "policy.kind.unknown", fmt::format("The policy has no kind \"{}\".", kind));
}
std::unexpected<Error> unknown_permission(std::string_view kind, std::string_view permission) {
  return fail(Code::invalid, "policy.permission.unknown",
              fmt::format("A {} has no relation or permission \"{}\".", kind, permission));
}

}  // namespace

bool Restrictions::permit(std::string_view permission, const ObjectRef& object) const {
  if (!only) return true;
  return std::any_of(only->begin(), only->end(), [&](const Restriction& limit) {
    return covers(limit.kind, object.kind) && covers(limit.id, object.id) &&
           covers(limit.permission, permission);
  });
}

Result<Question> Engine::locate(const Graph& graph, const CheckQuery& query) const {
  if (&graph.schema() != schema_.get())
    return fail(Code::bug, "policy.schema.mismatch", "The graph was made with another schema.");
  const auto kind = schema_->find_definition(query.object.kind);
  if (!kind) return unknown_kind(query.object.kind);
  const Member* member = schema_->find_member(*kind, query.permission);
  if (member == nullptr) return unknown_permission(query.object.kind, query.permission);

  const ObjectRef& subject = query.subject.object;
  const auto subject_kind = schema_->find_definition(subject.kind);
  if (!subject_kind) return unknown_kind(subject.kind);
  NameId subject_relation = kItself;
  if (!query.subject.relation.empty()) {
    const Member* relation = schema_->find_member(*subject_kind, query.subject.relation);
    if (relation == nullptr) return unknown_permission(subject.kind, query.subject.relation);
    subject_relation = relation->name;
  }
  return Question{.object = graph.find(*kind, query.object.id),
                  .subject = graph.find(*subject_kind, subject.id),
                  .member = schema_->id(*member),
                  .subject_kind = *subject_kind,
                  .subject_relation = subject_relation,
                  .same_object = subject == query.object,
                  .restricted = query.restrictions != nullptr &&
                                !query.restrictions->permit(query.permission, query.object)};
}

Result<Decision> Engine::decide(const Question& question, std::uint64_t revision, Search& search) const {
  if (question.restricted) return Decision(false, kRestrictedRule, revision);
  switch (search.run(question)) {
    case Search::End::exceeded:
      return fail(Code::exhausted, "policy.work.exceeded",
                  "The check was given up, because it had to visit too many relationships.");
    case Search::End::not_found:
      return Decision(false, CompiledSchema::rule(question.member), revision);
    case Search::End::found:
      break;
  }
  const Search::Hit& hit = *search.hit();
  Decision decision(true, CompiledSchema::rule(hit.rule), revision);
  auto add = [&](NodeId node) {
    if (node != kNoNode && node != question.subject && decision.evidence_count_ < Decision::kMaxEvidence)
      decision.evidence_[decision.evidence_count_++] = node;
  };
  add(hit.via);
  for (std::uint32_t at = hit.task; at != Search::kRoot; at = search.tasks()[at].parent)
    add(search.tasks()[at].node);
  std::reverse(decision.evidence_.begin(), decision.evidence_.begin() + decision.evidence_count_);
  return decision;
}

Result<Decision> Engine::check(const Graph& graph, std::uint64_t revision, const CheckQuery& query) const {
  TRY(const Question question, locate(graph, query));
  Search search(graph, max_work_);
  return decide(question, revision, search);
}

Result<Explanation> Engine::explain(const Graph& graph, std::uint64_t revision,
                                    const CheckQuery& query) const {
  TRY(const Question question, locate(graph, query));
  Search search(graph, max_work_);
  TRY(const Decision decision, decide(question, revision, search));
  return explain_search(graph, query, question, search, decision);
}

}  // namespace allauth::policy
