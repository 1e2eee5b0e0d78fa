#include "policy/backward_walk.h"

namespace allauth::policy {

BackwardWalk::BackwardWalk(const Graph& graph, const Question& question, MemberId wanted, Budget& budget)
    : graph_(graph),
      question_(question),
      budget_(budget),
      plan_(reverse(graph.schema(), wanted, {question.subject_kind, question.subject_relation})) {}

void BackwardWalk::start() {
  const Way way = graph_.has_denials() || graph_.has_closed() ? Way::maybe : Way::certain;
  for (const MemberId member : plan_.itself) push(question_.subject, member, way);
  for (const ReversePlan::Start& start : plan_.starts)
    go(start.everyone ? question_.everyone : question_.subject, start.label, start.member, way);
}

void BackwardWalk::go_on(const Frontier::Stop& stop) {
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

void BackwardWalk::go(NodeId from, Label label, MemberId member, Way way) {
  graph_.resources(from).visit(label,
                               [&](std::span<const NodeId> nodes) { return push_all(nodes, member, way); });
}

void BackwardWalk::go_to_grants(NodeId role, const ReversePlan::Lead& lead, Way way) {
  const auto [first, last] = Label::grants();
  graph_.resources(role).visit(first, last, [&](Label label, std::span<const NodeId> nodes) {
    budget_.spend(1);
    return !graph_.holds(label.action_set(), lead.action) || push_all(nodes, lead.member, way);
  });
}

// A label names a relation, whatever the definition that has it.
bool BackwardWalk::push_all(std::span<const NodeId> nodes, MemberId member, Way way) {
  const DefinitionId definition = graph_.schema().member(member).definition;
  for (const NodeId node : nodes)
    if (graph_.definition(node) == definition) push(node, member, way);
  budget_.spend(nodes.size());
  return !budget_.spent();
}

void BackwardWalk::push(NodeId node, MemberId member, Way way) {
  budget_.spend(1);
  frontier_.push({node, member, way});
}

}  // namespace allauth::policy
