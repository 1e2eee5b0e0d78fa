// From a subject backwards to all places that may hold it and may matter to some members. Internal to the
// look-ups and to searches that would go far.
#pragma once

#include <array>
#include <span>
#include <vector>

#include "policy/budget.h"
#include "policy/frontier.h"
#include "policy/place_set.h"
#include "policy/reverse_plan.h"

namespace allauth::policy {

class BackwardWalk {
 public:
  // A member of a node, by its number in the plan.
  struct Stop {
    NodeId node;
    ReversePlan::Number number;

    std::uint64_t key() const { return std::uint64_t{node} << 16 | number; }
  };

  // Along the plan, for the subject of the question. `against`: all that plan.against leads to (their
  // places are excluded(): what is not among them is not taken away); nullptr: not known. All must outlive
  // the walk.
  BackwardWalk(const Graph& graph, const Question& question, const ReversePlan& plan, Budget& budget,
               const PlaceSet* against = nullptr);

  static std::uint64_t excluded(NodeId node, MemberId member) {
    return Place{node, member, Mode::allow}.key();
  }

  // Calls seen(NodeId, ReversePlan::Number, Way) for each place, once, by the surest way there is: a member
  // of an object that may hold the subject by what the plans say. False: the budget is spent, and some may be
  // missing.
  template <class Seen>
  bool run(Seen&& seen) {
    start();
    for (const Way way : {Way::certain, Way::maybe}) {
      std::vector<Stop>& stops = stops_of(way);
      for (std::size_t i = 0; i < stops.size(); ++i) {
        const Stop stop = stops[i];
        if (budget_.spent()) return false;
        if (way == Way::maybe && !visited_.insert(stop.key())) continue;
        fetch_ahead(stops, i);
        seen(stop.node, stop.number, way);
        for (const ReversePlan::Lead& lead : plan_.stops[stop.number].leads) go(stop.node, lead, way);
      }
    }
    return !budget_.spent();
  }

 private:
  void start();
  void go(NodeId from, const ReversePlan::Lead& lead, Way way);
  Way behind(NodeId node, const Step& gate, Way way) const;
  bool push_all(std::span<const NodeId> nodes, const ReversePlan::Lead& lead, Way way);
  void push(Stop stop, Way way);
  void fetch_ahead(const std::vector<Stop>& stops, std::size_t at) const;
  std::vector<Stop>& stops_of(Way way) { return way == Way::certain ? certain_ : maybe_; }

  const Graph& graph_;
  const Question& question_;
  const ReversePlan& plan_;
  Budget& budget_;
  const PlaceSet* const against_;
  std::vector<Stop> certain_;  // each once
  std::vector<Stop> maybe_;    // perhaps visited before they come
  PlaceSet visited_;
};

}  // namespace allauth::policy
