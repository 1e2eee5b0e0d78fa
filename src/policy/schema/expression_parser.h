// What stands right of a permission's "=". Internal to the schema compiler.
//
//   exclusion    = intersection { "-" intersection } ;      loosest
//   intersection = union { "&" union } ;
//   union        = base { "+" base } ;                      tightest
//   base         = name "->" name | name "." ("any" | "all") "(" name ")" | name
//                | "nil" | "self" | "(" exclusion ")" ;     "self" after `use self` only
#pragma once

#include "policy/schema/schema.h"
#include "policy/schema/token_reader.h"

namespace allauth::policy {

// Errors: schema.syntax, schema.name, schema.limit.
Result<SourceExpr> parse_expression(TokenReader& tokens, const SchemaLimits& limits);

}  // namespace allauth::policy
