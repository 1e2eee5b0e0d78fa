// Whether an object is closed now: it, or something that it lies in (decision 038). Internal to the engine.
#pragma once

#include "policy/budget.h"
#include "policy/graph.h"
#include "policy/solver.h"

namespace allauth::policy {

// The nearest closed object; kNoNode: there is none, or the budget is spent.
NodeId find_closed(const Graph& graph, NodeId object, Budget& budget);

// Whether that, if there is any, leaves the question's subject out: yes unless it holds `can_enter` of the
// object. Never undefined.
Solver::Truth is_left_out(const Graph& graph, const Question& question, Budget& budget, Solver& solver);

}  // namespace allauth::policy
