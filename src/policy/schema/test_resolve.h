// For tests: schema text as far as the language goes, whatever the engine can do with it.
#pragma once

#include <string>
#include <string_view>

#include "policy/schema/parser.h"
#include "policy/schema/resolved_schema.h"

namespace allauth::policy {

inline Result<ResolvedSchema> resolve(std::string_view text, const SchemaLimits& limits = {}) {
  TRY(const SourceAst ast, parse_schema(text, limits));
  return resolve_schema(ast);
}

// The body as that of `document`, from line 9 on.
inline std::string in_document(std::string_view body) {
  return fmt::format(
      "definition user {{}}\n"
      "definition group {{\n relation member: user | group#member\n}}\n"
      "definition role {{\n relation member: user\n}}\n"
      "definition document {{\n{}\n}}\n",
      body);
}

}  // namespace allauth::policy
