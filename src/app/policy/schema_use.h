// Relationships and the schema that they are written by.
#pragma once

#include <memory>

#include "app/core.h"
#include "policy/schema/schema.h"
#include "store/read.h"

namespace allauth::app {

// The schema as it is within this transaction. It is that of the newest snapshot, unless a write of the same
// batch changed it.
Result<std::shared_ptr<const policy::CompiledSchema>> schema_in_force(store::Read& read, const Core& core);

// Whether there is no relationship that `after` would not allow any more. What decides is the exact form:
// `user:*` does not stand in the way of `user`. Error: conflict schema.in_use, which names one.
Result<void> require_unused(store::Read& read, const policy::CompiledSchema& before,
                            const policy::CompiledSchema& after);

}  // namespace allauth::app
