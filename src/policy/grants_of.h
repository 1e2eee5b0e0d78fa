// What somebody's roles give and deny them, object by object.
#pragma once

#include <string_view>
#include <vector>

#include "base/error.h"
#include "policy/budget.h"
#include "policy/graph.h"

namespace allauth::policy {

// Views hold as long as any version of the graph, and as long as its schema.
struct GrantsOnObject {
  ObjectRef object;
  std::vector<std::string_view> allowed;  // actions, in the order of their names
  std::vector<std::string_view> denied;   // wins over allowed
  std::vector<ObjectRef> roles;           // who says so, in the order of their ids
};

// Of all roles that the subject itself is a member of; members that are sets of others are not looked into.
// In the order of kinds and ids. What is denied further out counts besides: only a check knows whether
// something is allowed. Errors: policy.kind.unknown, policy.work.exceeded.
Result<std::vector<GrantsOnObject>> grants_of(const Graph& graph, const ObjectRef& subject,
                                              const Limits& limits = {});

}  // namespace allauth::policy
