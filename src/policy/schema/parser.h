// Schema text to a SourceAst. Internal to the schema compiler.
//
//   file       = { use | import | partial | definition | caveat } ;
//   use        = "use" ( "expiration" | "import" | "partial" | "self" | "typechecking" ) ;
//   import     = "import" quoted ;                        after `use import`
//   partial    = "partial" path "{" body "}" ;            after `use partial`
//   definition = "definition" path "{" body "}" ;
//   body       = { [ relation | permission | "..." path ] term } ;
//   relation   = "relation" name ":" type { "|" type } [ "from" "grants" ] ;
//   type       = path [ ":" "*" | "#" ( name | "..." ) ] [ "with" ( "expiration" | path [ "and" "expiration"
//   ] ) ] ; permission = "permission" name [ ":" path { "|" path } ] "=" expression ;   types after `use
//   typechecking`
// This is SpiceDB's grammar with `from grants` added. `use` lines come before the first definition and
// caveat; each makes the words that it is about keywords, which are ordinary names without it.
// caveat_parser.h and expression_parser.h have the rest.
#pragma once

#include <string_view>

#include "base/error.h"
#include "policy/schema/schema.h"
#include "policy/schema/source_ast.h"

namespace allauth::policy {

// `part`: see position.h. Errors: schema.syntax, schema.name, schema.limit.
Result<SourceAst> parse_schema(std::string_view text, const SchemaLimits& limits, std::string_view part = {});

}  // namespace allauth::policy
