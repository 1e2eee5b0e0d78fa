// From the trace of a search to an Explanation. Internal to the engine.
#pragma once

#include "policy/check.h"
#include "policy/search.h"

namespace allauth::policy {

// `search` has just been run for the question, unless that was restricted.
Explanation explain_search(const Graph& graph, const CheckQuery& query, const Question& question,
                           const Search& search, const Decision& decision);

}  // namespace allauth::policy
