// A condition that a relationship may carry. Internal to the schema compiler.
//
//   caveat    = "caveat" path "(" parameter { "," parameter } ")" "{" CEL "}" ;
//   parameter = word type ;
//   type      = word [ "<" type { "," type } ">" ] ;
// The CEL text ends at the brace that closes the first one and is kept as it is.
#pragma once

#include "policy/schema/schema.h"
#include "policy/schema/token_reader.h"

namespace allauth::policy {

// After the word "caveat". Errors: schema.syntax, schema.name, schema.limit.
Result<SourceCaveat> parse_caveat(TokenReader& tokens, const SchemaLimits& limits);

}  // namespace allauth::policy
