// Where a search that grows wide still has to look: at what may hold the subject, seen from the subject.
//
// A search goes from the object to the subject. Where one object leads to thousands of others (a group of
// thousands of groups), few of them matter, since the subject is in few; those are found from its side at
// the cost of what it is in. Internal to Search.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

#include "policy/place.h"

namespace allauth::policy {

class Guide {
 public:
  // Everything that may hold the subject of the question and may matter to `member`. nullopt: finding out
  // would take more than `max_work`.
  static std::optional<Guide> make(const Graph& graph, const Question& question, MemberId member,
                                   std::uint32_t max_work);

  // False: the member of that node does not hold the subject.
  bool may_hold(NodeId node, MemberId member) const;
  // Those of the nodes, which are sorted, that may. Valid until the next call.
  std::span<const NodeId> narrow(std::span<const NodeId> nodes, MemberId member);

 private:
  std::span<const NodeId> of(MemberId member) const;

  std::unordered_map<MemberId, std::vector<NodeId>> places_;  // sorted nodes
  std::vector<NodeId> narrowed_;
};

}  // namespace allauth::policy
