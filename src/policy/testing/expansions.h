// For tests: trees of a world compared with the oracle.
#pragma once

#include <string>

#include "policy/testing/world.h"

namespace allauth::policy {

// For each relation and permission of the object: whom the tree holds, if its leaves' usersets hold whom the
// oracle says, is whom the oracle allows. `subject` is an object, not a userset. A tree that meets a cycle or
// a denial is left out, and not counted. Empty: they agree; else where they first do not.
std::string expansions_difference(World& world, const ObjectRef& object, const ObjectRef& subject,
                                  std::size_t& compared);

}  // namespace allauth::policy
