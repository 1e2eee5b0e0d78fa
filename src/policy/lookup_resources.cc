#include "policy/lookup_resources.h"

#include "policy/candidates.h"
#include "policy/locate.h"
#include "policy/reverse_plan.h"

namespace allauth::policy {
namespace {

// Follows the plans backwards from the subject to all places that it may hold.
class BackwardWalk {
 public:
  BackwardWalk(const Graph& graph, const Question& question, Budget& budget)
      : graph_(graph),
        question_(question),
        budget_(budget),
        plan_(reverse(graph.schema(), question.member, {question.subject_kind, question.subject_relation})) {}

  // False: the budget is spent.
  bool run() {
    const Way way = graph_.has_denials() ? Way::maybe : Way::certain;
    for (const MemberId member : plan_.itself) push(question_.subject, member, way);
    for (const ReversePlan::Start& start : plan_.starts)
      go(start.everyone ? question_.everyone : question_.subject, start.label, start.member, way);
    while (const auto stop = frontier_.pop()) {
      if (budget_.spent()) return false;
      visit(*stop);
    }
    return !budget_.spent();
  }

  const std::unordered_map<NodeId, Way>& found() const { return found_; }

 private:
  void visit(const Frontier::Stop& stop) {
    if (stop.member == question_.member) found_.try_emplace(stop.node, stop.way);
    const auto leads = plan_.leads.find(stop.member);
    if (leads == plan_.leads.end()) return;
    for (const ReversePlan::Lead& lead : leads->second) {
      const Way way = lead.gate ? Way::maybe : stop.way;
      if (lead.kind == ReversePlan::Lead::Kind::here)
        push(stop.node, lead.member, way);
      else if (lead.kind == ReversePlan::Lead::Kind::along)
        go(stop.node, lead.label, lead.member, way);
      else
        go_to_grants(stop.node, lead, way);
    }
  }

  void go(NodeId from, Label label, MemberId member, Way way) {
    graph_.resources(from).visit(label,
                                 [&](std::span<const NodeId> nodes) { return push_all(nodes, member, way); });
  }

  void go_to_grants(NodeId role, const ReversePlan::Lead& lead, Way way) {
    const auto [first, last] = Label::grants();
    graph_.resources(role).visit(first, last, [&](Label label, std::span<const NodeId> nodes) {
      budget_.spend(1);
      return !graph_.holds(label.action_set(), lead.action) || push_all(nodes, lead.member, way);
    });
  }

  // A label names a relation, whatever the definition that has it.
  bool push_all(std::span<const NodeId> nodes, MemberId member, Way way) {
    const DefinitionId definition = graph_.schema().member(member).definition;
    for (const NodeId node : nodes)
      if (graph_.definition(node) == definition) push(node, member, way);
    budget_.spend(nodes.size());
    return !budget_.spent();
  }

  void push(NodeId node, MemberId member, Way way) {
    budget_.spend(1);
    frontier_.push({node, member, way});
  }

  const Graph& graph_;
  const Question& question_;
  Budget& budget_;
  const ReversePlan plan_;
  Frontier frontier_;
  std::unordered_map<NodeId, Way> found_;
};

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
  BackwardWalk walk(graph, question, budget);
  if (!walk.run()) return given_up(budget);
  const auto holds = [&](const Candidate& candidate) -> Result<bool> {
    if (candidate.id == kEveryone) return false;
    if (candidate.way == Way::certain) return true;
    question.object = candidate.node;
    question.same_object = candidate.node == question.subject;
    return verify(graph, question, budget);
  };
  return cut_page(sort_candidates(graph, walk.found(), subject.id), query.page, revision, holds);
}

}  // namespace allauth::policy
