// Tokens to a SourceAst. Internal to the schema compiler.
//
//   file       = { definition } ;
//   definition = "definition" path "{" { ( relation | permission ) term | ";" } "}" ;
//   relation   = "relation" name ":" type { "|" type } [ "from" "grants" ] ;
//   type       = path [ ":" "*" | "#" ( name | "..." ) ] ;
//   permission = "permission" name "=" exclusion ;
//   exclusion  = intersection { "-" intersection } ;      loosest
//   intersection = union { "&" union } ;
//   union      = base { "+" base } ;                      tightest
//   base       = name "->" name | name "." ("any" | "all") "(" name ")" | name | "nil" | "(" exclusion ")" ;
//   path       = name { "/" name } ;
// This is SpiceDB's grammar with `from grants` added; its use, import, partial, caveat, with and type
// annotations are refused as not available yet.
#pragma once

#include <string_view>

#include "base/error.h"
#include "policy/schema/schema.h"
#include "policy/schema/source_ast.h"

namespace allauth::policy {

// Errors: schema.syntax, schema.name, schema.limit, schema.unavailable.
Result<SourceAst> parse_schema(std::string_view text, const SchemaLimits& limits);

}  // namespace allauth::policy
