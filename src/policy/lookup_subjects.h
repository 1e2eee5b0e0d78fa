// Who may do that to this object? Exactly those for whom check() says yes. Pure and thread-safe.
//
// The plans are followed from the object to everyone whom a relationship on the way names. For all others one
// answer is the same, whether they are known or not: that of somebody whom nothing names. If it is yes,
// everybody holds it, except those who are named and for whom a check says no.
#pragma once

#include "policy/budget.h"
#include "policy/graph.h"
#include "policy/page.h"

namespace allauth::policy {

struct SubjectQuery {
  ObjectRef object;
  std::string_view permission;     // or a relation
  std::string_view kind;           // of the subjects
  std::string_view relation = {};  // empty: the objects of that kind; else the holders of this on them
  PageRequest page = {};
  Limits limits = {.max_work = kLookupWork};
};

struct SubjectPage {
  // Without `everyone` all who hold it. With it those whom a relationship on the way names; they hold it,
  // too. Limit, total and where the next page begins are those of `named` and `excluded` together.
  IdPage named;
  bool everyone = false;              // whoever is excluded on no page holds it, known or not
  std::vector<std::string> excluded;  // sorted; nobody without `everyone`
};

// Errors: those of lookup_resources(), and policy.id.invalid (Code::invalid) for the object `*`.
Result<SubjectPage> lookup_subjects(const Graph& graph, std::uint64_t revision, const SubjectQuery& query);

}  // namespace allauth::policy
