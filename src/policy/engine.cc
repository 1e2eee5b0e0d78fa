#include <algorithm>

#include "policy/check.h"
#include "policy/entrance.h"
#include "policy/explainer.h"
#include "policy/locate.h"
#include "policy/solver.h"

namespace allauth::policy {

Result<Question> Engine::locate(const Graph& graph, const CheckQuery& query) {
  const CompiledSchema& schema = graph.schema();
  const auto kind = schema.find_definition(query.object.kind);
  if (!kind) return unknown_kind(query.object.kind);
  const Member* member = schema.find_member(*kind, query.permission);
  if (member == nullptr) return unknown_permission(query.object.kind, query.permission);
  if (query.object.id == kEveryone) return no_object();

  const ObjectRef& subject = query.subject.object;
  const auto subject_kind = schema.find_definition(subject.kind);
  if (!subject_kind) return unknown_kind(subject.kind);
  if (subject.id == kEveryone) return no_subject();
  NameId subject_relation = kItself;
  if (!query.subject.relation.empty()) {
    const Member* relation = schema.find_member(*subject_kind, query.subject.relation);
    if (relation == nullptr) return unknown_permission(subject.kind, query.subject.relation);
    subject_relation = relation->name;
  }
  const auto [object_node, subject_node] = graph.find_both(*kind, query.object.id, *subject_kind, subject.id);
  return Question{
      .object = object_node,
      .subject = subject_node,
      .member = schema.id(*member),
      .subject_kind = *subject_kind,
      .subject_relation = subject_relation,
      .same_object = subject == query.object,
      .restricted = query.restrictions != nullptr &&
                    !covers(*query.restrictions, graph, query.permission, query.object, object_node),
      .everyone = everyone_of(graph, {*subject_kind, subject_relation})};
}

Result<Decision> Engine::decide(const Graph& graph, const Question& question, std::uint64_t revision,
                                Budget& budget, Solver& solver) const {
  TRY(const Decision decision, decide_open(question, revision, budget, solver));
  if (!decision.allowed() || !graph.has_closed()) return decision;
  const Solver::Truth left_out = is_left_out(graph, question, budget, solver);
  if (left_out == Solver::Truth::stopped) return given_up(budget);
  if (left_out == Solver::Truth::no) return decision;
  Decision denied(false, kClosedRule, revision);
  const NodeId closed = find_closed(graph, question.object, budget);
  if (!Graph::is_guest(closed)) denied.evidence_[denied.evidence_count_++] = closed;
  return denied;
}

Result<Decision> Engine::decide_open(const Question& question, std::uint64_t revision, const Budget& budget,
                                     Solver& solver) const {
  if (question.restricted) return Decision(false, kRestrictedRule, revision);
  switch (solver.solve({question.object, question.member, Mode::allow})) {
    case Solver::Truth::stopped:
      return given_up(budget);
    case Solver::Truth::no:
    case Solver::Truth::undefined:
      return Decision(false, CompiledSchema::rule(question.member), revision);
    case Solver::Truth::yes:
      break;
  }
  Decision allowed(true, CompiledSchema::rule(solver.hit().rule), revision);
  add_evidence(allowed, question, solver);
  if (!solver.deniable(question.member)) return allowed;
  switch (solver.solve({question.object, question.member, Mode::deny})) {
    case Solver::Truth::stopped:
      return given_up(budget);
    case Solver::Truth::no:
      return allowed;
    case Solver::Truth::undefined:
      return Decision(false, CompiledSchema::rule(question.member), revision);
    case Solver::Truth::yes:
      break;
  }
  Decision denied(false, kDenyRule, revision);
  add_evidence(denied, question, solver);
  return denied;
}

// The nodes of the way that was found, but the subject.
void Engine::add_evidence(Decision& decision, const Question& question, const Solver& solver) {
  NodeId last = kNoNode;
  auto add = [&](NodeId node) {
    if (node == kNoNode || node == last || node == question.subject || Graph::is_guest(node)) return;
    last = node;
    if (decision.evidence_count_ < Decision::kMaxEvidence)
      decision.evidence_[decision.evidence_count_++] = node;
  };
  add(solver.hit().via);
  for (std::uint32_t at = solver.hit().task; at != Search::kRoot; at = solver.tasks()[at].parent)
    add(solver.tasks()[at].node);
  std::reverse(decision.evidence_.begin(), decision.evidence_.begin() + decision.evidence_count_);
}

Result<Decision> Engine::check(const Graph& graph, std::uint64_t revision, const CheckQuery& query) const {
  if (query.guests.empty()) return check_alone(graph, revision, query);
  TRY(const Graph with_guests, graph.with(query.guests));
  return check_alone(with_guests, revision, query);
}

Result<Explanation> Engine::explain(const Graph& graph, std::uint64_t revision,
                                    const CheckQuery& query) const {
  if (query.guests.empty()) return explain_alone(graph, revision, query);
  TRY(const Graph with_guests, graph.with(query.guests));
  return explain_alone(with_guests, revision, query);
}

Result<Decision> Engine::check_alone(const Graph& graph, std::uint64_t revision,
                                     const CheckQuery& query) const {
  TRY(const Question question, locate(graph, query));
  Budget budget(query.limits != nullptr ? *query.limits : limits_);
  Solver solver(graph, question, budget);
  return decide(graph, question, revision, budget, solver);
}

Result<Explanation> Engine::explain_alone(const Graph& graph, std::uint64_t revision,
                                          const CheckQuery& query) const {
  TRY(const Question question, locate(graph, query));
  Budget budget(query.limits != nullptr ? *query.limits : limits_);
  Notes notes;
  Solver solver(graph, question, budget, &notes);
  TRY(const Decision decision, decide(graph, question, revision, budget, solver));
  // A denial would still be in the way of whatever is missing.
  const Place denied{question.object, question.member, Mode::deny};
  const bool settled = decision.allowed() || decision.rule() == kDenyRule || decision.rule() == kClosedRule;
  if (!settled && solver.deniable(question.member) && solver.solve(denied) == Solver::Truth::stopped)
    return given_up(budget);
  Candidates candidates;
  Explanation explanation = explain_notes(graph, query, question, notes, decision, candidates);
  for (const Edge& candidate : candidates) {
    TRY(const Graph richer, graph.with({&candidate, 1}));
    if (const auto then = check_alone(richer, revision, query); !then || !then->allowed()) continue;
    explanation.least = link_of(candidate);
    break;
  }
  return explanation;
}

}  // namespace allauth::policy
