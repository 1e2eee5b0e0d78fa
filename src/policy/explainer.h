// From a solver's notes to an Explanation. Internal to the engine.
#pragma once

#include "policy/check.h"
#include "policy/notes.h"

namespace allauth::policy {

// Relationships of the subject that might have allowed what was denied, nearest first. Views hold as long as
// the graph and the query.
using Candidates = std::vector<Edge>;

// The question has just been decided, with these notes taken, unless it was restricted.
Explanation explain_notes(const Graph& graph, const CheckQuery& query, const Question& question,
                          const Notes& notes, const Decision& decision, Candidates& candidates);

// How one of them is shown.
Link link_of(const Edge& candidate);

}  // namespace allauth::policy
