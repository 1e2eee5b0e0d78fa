// Merges a fragment (schema.h) into the schema that it adds to, as both are written. Internal to the schema
// compiler.
#pragma once

#include "base/error.h"
#include "policy/schema/schema.h"
#include "policy/schema/source_ast.h"

namespace allauth::policy {

// Parses the fragment and appends its permissions to `schema`, whose definitions it may not add to in any
// other way. Their positions know the fragment, so errors that are found later tell where they stand.
// Errors: those of parse_schema(), and schema.fragment.
Result<void> add_fragment(SourceAst& schema, const Fragment& fragment, const SchemaLimits& limits);

}  // namespace allauth::policy
