// What the look-ups share: whoever may be an answer, and the page of those who are. Internal to the
// look-ups.
#pragma once

#include <functional>
#include <span>
#include <string_view>
#include <vector>

#include "policy/frontier.h"
#include "policy/page.h"
#include "policy/solver.h"

namespace allauth::policy {

struct Candidate {
  std::string_view id;
  NodeId node;  // kNoNode: the object of the question, which no relationship knows
  Way way;
};

struct Found {
  NodeId node;
  Way way;
};
// By id; each node is there once. `own_id` is that of kNoNode.
std::vector<Candidate> sort_candidates(const Graph& graph, std::span<const Found> found,
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
