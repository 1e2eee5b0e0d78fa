#include "policy/backward_walk.h"

#include <algorithm>

namespace allauth::policy {

BackwardWalk::BackwardWalk(const Graph& graph, const Question& question, const ReversePlan& plan,
                           Budget& budget, const PlaceSet* against)
    : graph_(graph), question_(question), plan_(plan), budget_(budget), against_(against) {}

void BackwardWalk::start() {
  const Way way = graph_.has_denials() || graph_.has_closed() ? Way::maybe : Way::certain;
  for (const ReversePlan::Number number : plan_.itself) push({question_.subject, number}, way);
  for (const ReversePlan::Start& start : plan_.starts)
    go(start.everyone ? question_.everyone : question_.subject, start.lead, way);
}

void BackwardWalk::go(NodeId from, const ReversePlan::Lead& lead, Way way) {
  using Kind = ReversePlan::Lead::Kind;
  if (lead.gate != nullptr) way = behind(from, *lead.gate, way);
  if (lead.kind == Kind::here) return push({from, lead.to}, way);
  const EdgeSet& edges = graph_.resources(from);
  if (lead.kind == Kind::along) {
    edges.visit(lead.label, [&](std::span<const NodeId> nodes) { return push_all(nodes, lead, way); });
    return;
  }
  const auto [first, last] = Label::grants();
  const Plan& plan = graph_.schema().member(plan_.stops[lead.to].member).plan;
  edges.visit(first, last, [&](Label label, std::span<const NodeId> nodes) {
    budget_.spend(1);
    return !graph_.holds_any(label.action_set(), plan.actions) || push_all(nodes, lead, way);
  });
}

// Who comes to a gate comes through an exclusion if nothing can be said against it.
Way BackwardWalk::behind(NodeId node, const Step& gate, Way way) const {
  if (gate.kind != Step::Kind::but_not || against_ == nullptr) return Way::maybe;
  const bool nothing = std::none_of(gate.parts.begin() + 1, gate.parts.end(),
                                    [&](MemberId part) { return against_->contains(excluded(node, part)); });
  return nothing ? way : Way::maybe;
}

bool BackwardWalk::push_all(std::span<const NodeId> nodes, const ReversePlan::Lead& lead, Way way) {
  const DefinitionId definition = plan_.stops[lead.to].definition;
  for (const NodeId node : nodes)
    if (!lead.mixed || graph_.definition(node) == definition) push({node, lead.to}, way);
  budget_.spend(nodes.size());
  return !budget_.spent();
}

void BackwardWalk::push(Stop stop, Way way) {
  budget_.spend(1);
  if (way == Way::maybe)
    maybe_.push_back(stop);
  else if (visited_.insert(stop.key()))
    certain_.push_back(stop);
}

// The edges of the stops after this one, so that they are at hand when their turn comes.
void BackwardWalk::fetch_ahead(const std::vector<Stop>& stops, std::size_t at) const {
  constexpr std::size_t kSets = 8, kBlocks = 4;
  const auto leads_on = [&](std::size_t i) {
    return i < stops.size() && !plan_.stops[stops[i].number].leads.empty();
  };
  if (leads_on(at + kSets)) __builtin_prefetch(&graph_.resources(stops[at + kSets].node));
  if (leads_on(at + kBlocks)) graph_.resources(stops[at + kBlocks].node).prefetch();
}

}  // namespace allauth::policy
