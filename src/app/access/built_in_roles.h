// Brings the built-in roles of an existing database up to what this version says that they grant.
#pragma once

#include "store/store.h"

namespace allauth::app {

// Adds what they lack, a hundred roles per change, each with its image; answers how many were changed.
// Takes nothing away, so that a version with fewer actions may run beside this one. At start, before the
// first request is answered.
Result<std::size_t> complete_built_in_roles(store::Store& store);

}  // namespace allauth::app
