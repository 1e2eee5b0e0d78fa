// Puts the definitions that an installation has of its own beside those of the product, as both are written.
// Internal to the schema compiler.
#pragma once

#include "base/error.h"
#include "policy/schema/schema.h"
#include "policy/schema/source_ast.h"

namespace allauth::policy {

// Errors: those of parse_schema(), and schema.own.
Result<void> add_own(SourceAst& schema, std::string_view own, const SchemaLimits& limits);

}  // namespace allauth::policy
