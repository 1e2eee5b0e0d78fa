// What a role grants and denies, object by object, as the policy graph takes it.
#pragma once

#include <string>
#include <vector>

#include "base/error.h"
#include "model/access.h"
#include "policy/ref.h"
#include "policy/schema/schema.h"

namespace allauth::store {

// Actions of the object's kind. Views hold as long as the schema.
struct ObjectGrants {
  std::string kind, id;
  std::vector<std::string_view> allowed, denied;

  policy::ObjectRef object() const { return {kind, id}; }
};

// As far as this schema knows it: an action that a newer program stored is nothing that can be asked for
// here, and "*" is every action that there is. All else must be enforced, or nothing may be: bug
// snapshot.grant.
Result<std::vector<ObjectGrants>> project_grants(const policy::CompiledSchema& schema, const Role& role);

}  // namespace allauth::store
