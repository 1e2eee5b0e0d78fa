// What one schema allows and the next does not.
#pragma once

#include <vector>

#include "policy/schema/schema.h"

namespace allauth::policy {

// A form that a stored relation takes: `buyer` of shop/order takes user.
struct TakenForm {
  DefinitionId definition;
  NameId relation;
  Form form;
};

// In all that follows `after` goes on from `before`, so that their numbers mean the same.

// What stored relations do not take any more.
std::vector<TakenForm> lost_forms(const CompiledSchema& before, const CompiledSchema& after);

// What they still take, but it means something else: the holders of what was a stored relation and is a
// permission now.
std::vector<TakenForm> changed_forms(const CompiledSchema& before, const CompiledSchema& after);

}  // namespace allauth::policy
