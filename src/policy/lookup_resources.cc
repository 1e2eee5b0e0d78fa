#include "policy/lookup_resources.h"

#include "policy/backward_walk.h"
#include "policy/candidates.h"
#include "policy/locate.h"

namespace allauth::policy {

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
  std::unordered_map<NodeId, Way> found;
  const bool complete = BackwardWalk(graph, question, member, budget).run([&](const Frontier::Stop& stop) {
    if (stop.member == member) found.try_emplace(stop.node, stop.way);
  });
  if (!complete) return given_up(budget);
  Solver solver(graph, question, budget);
  solver.keep();
  const auto holds = [&](const Candidate& candidate) -> Result<bool> {
    if (candidate.id == kEveryone) return false;
    const ObjectRef object{query.kind, candidate.id};
    if (query.restrictions != nullptr && !query.restrictions->permit(query.permission, object)) return false;
    if (candidate.way == Way::certain) return true;
    question.object = candidate.node;
    question.same_object = candidate.node == question.subject;
    return verify(graph, solver, question, budget);
  };
  return cut_page(sort_candidates(graph, found, subject.id), query.page, revision, holds);
}

}  // namespace allauth::policy
