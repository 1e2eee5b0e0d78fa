#include "policy/guide.h"

#include <algorithm>

#include "policy/backward_walk.h"

namespace allauth::policy {

std::optional<Guide> Guide::make(const Graph& graph, const Question& question, MemberId member,
                                 std::uint32_t max_work) {
  Guide guide;
  Budget budget({.max_work = max_work});
  const bool complete = BackwardWalk(graph, question, member, budget).run([&](const Frontier::Stop& stop) {
    guide.places_[stop.member].push_back(stop.node);
  });
  if (!complete) return std::nullopt;
  for (auto& [_, nodes] : guide.places_) std::ranges::sort(nodes);
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
