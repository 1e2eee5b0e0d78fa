#include "policy/lookup_resources.h"

#include "policy/backward_walk.h"
#include "policy/candidates.h"
#include "policy/locate.h"
#include "policy/reverse_plans.h"

namespace allauth::policy {
namespace {

// What gates on the way may take away from the subject; empty: nothing. nullopt: finding out would take more
// than it is worth, since a check can tell as well.
std::optional<PlaceSet> walk_against(const Graph& graph, const Question& question, const ReversePlan& plan) {
  constexpr std::uint32_t kMostWork = 10'000;
  PlaceSet against;
  Budget budget({.max_work = kMostWork});
  const bool complete =
      BackwardWalk(graph, question, plan, budget).run([&](NodeId node, ReversePlan::Number number, Way) {
        against.insert(BackwardWalk::excluded(node, plan.stops[number].member));
      });
  return complete ? std::optional(std::move(against)) : std::nullopt;
}

// All that may be an answer. nullopt: the budget is spent.
std::optional<std::vector<Found>> walk_back(const Graph& graph, const Question& question, Budget& budget) {
  const auto plan = graph.reverse_plans().find_or_make(graph.schema(), question.member,
                                                       {question.subject_kind, question.subject_relation});
  std::optional<PlaceSet> against;
  if (plan->against != nullptr) against = walk_against(graph, question, *plan->against);
  std::vector<Found> found;
  const bool complete = BackwardWalk(graph, question, *plan, budget, against ? &*against : nullptr)
                            .run([&](NodeId node, ReversePlan::Number number, Way way) {
                              if (number == ReversePlan::kWanted) found.push_back({node, way});
                            });
  return complete ? std::optional(std::move(found)) : std::nullopt;
}

}  // namespace

Result<IdPage> lookup_resources(const Graph& graph, std::uint64_t revision, const ResourceQuery& query) {
  const CompiledSchema& schema = graph.schema();
  TRY(const DefinitionId kind, locate_kind(schema, query.kind));
  TRY(const MemberId member, locate_member(schema, kind, query.permission));
  const ObjectRef& subject = query.subject.object;
  TRY(const SubjectKind who, locate_subject_kind(schema, subject.kind, query.subject.relation));
  if (subject.id == kEveryone) return no_subject();
  Question question{.object = kNoNode,
                    .subject = graph.find(who.definition, subject.id),
                    .member = member,
                    .subject_kind = who.definition,
                    .subject_relation = who.relation,
                    .same_object = false,
                    .restricted = false,
                    .everyone = everyone_of(graph, who)};
  Budget budget(query.limits);
  const auto found = walk_back(graph, question, budget);
  if (!found) return given_up(budget);
  Solver solver(graph, question, budget);
  solver.keep();
  const auto holds = [&](const Candidate& candidate) -> Result<bool> {
    if (candidate.id == kEveryone) return false;
    const ObjectRef object{query.kind, candidate.id};
    if (query.restrictions != nullptr &&
        !covers(*query.restrictions, graph, query.permission, object, candidate.node))
      return false;
    if (candidate.way == Way::certain) return true;
    question.object = candidate.node;
    question.same_object = candidate.node == question.subject;
    return verify(graph, solver, question, budget);
  };
  return cut_page(sort_candidates(graph, *found, subject.id), query.page, revision, holds);
}

}  // namespace allauth::policy
