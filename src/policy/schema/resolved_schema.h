// A schema whose names are known to mean something: ids instead of text, and every rule of the language
// checked but that of annotations (schema_rules.h). Internal to the schema compiler.
#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "base/error.h"
#include "policy/schema/plan.h"
#include "policy/schema/schema.h"
#include "policy/schema/source_ast.h"

namespace allauth::policy {

// What a permission says. Unions in unions and intersections in intersections are one flat list.
struct ResolvedExpr {
  enum class Kind {
    nil,
    self,          // the object itself, as a subject
    reference,     // a relation or permission of the same definition
    arrow,         // from a stored relation of the same definition to `target` at its far ends
    union_,        // any of the parts
    intersection,  // all of the parts
    exclusion,     // the first part, without the others
  };
  Kind kind = Kind::nil;
  Position at = {};
  NameId name = kItself;    // reference; of an arrow its left side
  NameId target = kItself;  // an arrow's right side: a name that some or all far ends may lack
  bool all = false;         // an arrow: all far ends, and at least one; else any
  std::vector<ResolvedExpr> parts = {};
};

// Calls f for the expression and for all that it is made of, from left to right.
template <class F>
void for_each_part(const ResolvedExpr& expr, F&& f) {
  f(expr);
  for (const ResolvedExpr& part : expr.parts) for_each_part(part, f);
}

struct ResolvedMember {
  Position at;
  Member::Kind kind;
  NameId name;
  std::vector<Form> forms = {};  // of a relation
  bool wildcard = false;         // one of them is everybody
  bool never_denied = false;     // of a relation from grants
  ResolvedExpr expr = {};        // of a permission
};

struct ResolvedDefinition {
  std::string name;
  // Valid as long as the AST; nullptr: only its number is known, from a schema before.
  const SourceDefinition* source = nullptr;
  std::vector<ResolvedMember> members = {};
  std::unordered_map<NameId, std::size_t> index = {};  // into members
  std::optional<GrantRole> grant_role = {};

  const ResolvedMember* find(NameId wanted) const {
    const auto found = index.find(wanted);
    return found != index.end() ? &members[found->second] : nullptr;
  }
};

struct ResolvedSchema {
  std::vector<ResolvedDefinition> definitions;
  std::vector<std::string> names;  // by NameId; [kItself] is empty
};

// The numbers of `before` go on (schema.h). Errors: schema.type, schema.limit, schema.unavailable.
Result<ResolvedSchema> resolve_schema(const SourceAst& ast, const CompiledSchema* before = nullptr);

}  // namespace allauth::policy
