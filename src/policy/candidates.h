// What the look-ups share: places to visit on the way to whoever may be an answer, and the page of those
// who are. Internal to the look-ups.
#pragma once

#include <array>
#include <functional>
#include <optional>
#include <span>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "policy/page.h"
#include "policy/solver.h"

namespace allauth::policy {

// What a way to a candidate says about it.
enum class Way : std::uint8_t {
  aside,    // through what is excluded or denied: it may make a difference
  maybe,    // through a gate, or past what could be denied: to be checked
  certain,  // through unions only: it is an answer
};

// Places to visit, each once, by the surest way there is. What is pushed while a place is visited must not
// be surer than the way to that place.
class Frontier {
 public:
  struct Stop {
    NodeId node;
    MemberId member;
    Way way;
  };

  void push(Stop stop) { waiting_[static_cast<std::size_t>(stop.way)].push_back(stop); }
  // nullopt: all were visited.
  std::optional<Stop> pop();

 private:
  std::array<std::vector<Stop>, 3> waiting_;
  std::unordered_set<std::uint64_t> visited_;
};

struct Candidate {
  std::string_view id;
  NodeId node;  // kNoNode: the object of the question, which no relationship knows
  Way way;
};

// By id. `own_id` is that of kNoNode.
std::vector<Candidate> sort_candidates(const Graph& graph, const std::unordered_map<NodeId, Way>& ways,
                                       std::string_view own_id);

// Does the member hold the subject, by a check? The solver is one of this question.
// Errors: policy.work.exceeded, policy.stopped.
Result<bool> verify(const Graph& graph, Solver& solver, const Question& question, Budget& budget);

// The page of those that `holds`, which is asked no more often than necessary.
// Errors: policy.page.limit, policy.cursor.revision (both Code::invalid), and those of `holds`.
using Holds = std::function<Result<bool>(const Candidate&)>;
Result<IdPage> cut_page(std::span<const Candidate> sorted, const PageRequest& request, std::uint64_t revision,
                        const Holds& holds);

}  // namespace allauth::policy
