// For tests: the look-ups of a world compared with the oracle, one question for each answer that there can
// be.
#pragma once

#include <string>

#include "policy/testing/world.h"

namespace allauth::policy {

// For each relation and permission of each kind: the objects on which the subject holds it, in one page and
// in pages of two. Empty: they agree; else where they first do not.
std::string resources_difference(World& world, const SubjectRef& subject);

// For each relation and permission of the object: who of the kind holds it. `relation`: whose holders; empty:
// the objects of that kind.
std::string subjects_difference(World& world, const ObjectRef& object, std::string_view kind,
                                std::string_view relation);

}  // namespace allauth::policy
