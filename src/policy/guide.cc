#include "policy/guide.h"

#include <algorithm>

#include "policy/backward_walk.h"
#include "policy/reverse_plans.h"

namespace allauth::policy {

std::optional<Guide> Guide::make(const Graph& graph, const Question& question, MemberId member,
                                 std::uint32_t max_work) {
  Guide guide;
  Budget budget({.max_work = max_work});
  const auto plan = graph.reverse_plans().find_or_make(graph.schema(), member,
                                                       {question.subject_kind, question.subject_relation});
  std::vector<std::vector<NodeId>> places(plan->stops.size());
  const bool complete =
      BackwardWalk(graph, question, *plan, budget).run([&](NodeId node, ReversePlan::Number number, Way) {
        places[number].push_back(node);
      });
  if (!complete) return std::nullopt;
  for (std::size_t i = 0; i < places.size(); ++i) {
    std::ranges::sort(places[i]);
    guide.places_.emplace(plan->stops[i].member, std::move(places[i]));
  }
  return guide;
}

std::span<const NodeId> Guide::of(MemberId member) const {
  const auto found = places_.find(member);
  return found == places_.end() ? std::span<const NodeId>() : found->second;
}

bool Guide::may_hold(NodeId node, MemberId member) const {
  return std::ranges::binary_search(of(member), node);
}

std::span<const NodeId> Guide::narrow(std::span<const NodeId> nodes, MemberId member) {
  const auto possible = of(member);
  narrowed_.clear();
  const auto [few, many] =
      possible.size() < nodes.size() ? std::pair(possible, nodes) : std::pair(nodes, possible);
  std::ranges::copy_if(few, std::back_inserter(narrowed_),
                       [many](NodeId node) { return std::ranges::binary_search(many, node); });
  return narrowed_;
}

}  // namespace allauth::policy
