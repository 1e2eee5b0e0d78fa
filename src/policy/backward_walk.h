// From a subject backwards to all places that may hold it and may matter to one member. Internal to the
// look-ups and to searches that would go far.
#pragma once

#include <span>

#include "policy/budget.h"
#include "policy/frontier.h"
#include "policy/reverse_plan.h"

namespace allauth::policy {

class BackwardWalk {
 public:
  // To `wanted`, for the subject of the question. All must outlive the walk.
  BackwardWalk(const Graph& graph, const Question& question, MemberId wanted, Budget& budget);

  // Calls seen(Frontier::Stop) for each place, once, by the surest way there is: a member of an object
  // that may hold the subject by what the plans say. False: the budget is spent, and some may be missing.
  template <class Seen>
  bool run(Seen&& seen) {
    start();
    while (const auto stop = frontier_.pop()) {
      if (budget_.spent()) return false;
      seen(*stop);
      go_on(*stop);
    }
    return !budget_.spent();
  }

 private:
  void start();
  void go_on(const Frontier::Stop& stop);
  void go(NodeId from, Label label, MemberId member, Way way);
  void go_to_grants(NodeId role, const ReversePlan::Lead& lead, Way way);
  bool push_all(std::span<const NodeId> nodes, MemberId member, Way way);
  void push(NodeId node, MemberId member, Way way);

  const Graph& graph_;
  const Question& question_;
  Budget& budget_;
  const ReversePlan plan_;
  Frontier frontier_;
};

}  // namespace allauth::policy
