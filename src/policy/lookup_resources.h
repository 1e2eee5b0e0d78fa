// On which objects of a kind may this subject do that? Exactly those for which check() says yes. Pure and
// thread-safe.
//
// The plans are followed backwards, from the subject and from everyone of its kind; what was reached through
// `&`, `-` or `.all()`, or may be denied, is checked.
#pragma once

#include "policy/check.h"
#include "policy/graph.h"
#include "policy/page.h"

namespace allauth::policy {

struct ResourceQuery {
  SubjectRef subject;
  const Restrictions* restrictions = nullptr;  // nullptr: unrestricted
  std::string_view permission;                 // or a relation
  std::string_view kind;                       // of the objects
  PageRequest page = {};
  Limits limits = {.max_work = kLookupWork};
};

// Objects that no relationship mentions are listed only as their own holders (the subject itself).
// Errors: policy.kind.unknown, policy.permission.unknown, policy.subject.wildcard, policy.page.limit,
// policy.cursor.revision (all Code::invalid), policy.work.exceeded (Code::exhausted), policy.stopped
// (Code::unavailable).
Result<IdPage> lookup_resources(const Graph& graph, std::uint64_t revision, const ResourceQuery& query);

}  // namespace allauth::policy
