// The rules about caveats and expiration. Both are read and checked, so that a mistake is told as one; what
// is in order is refused, because no relationship can carry them yet. Internal to the schema compiler.
#pragma once

#include "base/error.h"
#include "policy/schema/source_ast.h"

namespace allauth::policy {

// Errors: schema.name (of the caveat, its parameters or their types), schema.type (an unknown caveat),
// schema.unavailable (there is one, and it is in order).
Result<void> check_caveats(const SourceAst& ast);

}  // namespace allauth::policy
