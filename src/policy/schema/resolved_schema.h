// A schema whose names are known to mean something: ids instead of text, and every rule of the language
// checked. Internal to the schema compiler.
#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "base/error.h"
#include "policy/schema/plan.h"
#include "policy/schema/source_ast.h"

namespace allauth::policy {

// One branch of a permission's union.
struct ResolvedBranch {
  Position at;
  NameId name;              // of the same definition; for an arrow its left side, a relation
  NameId target = kItself;  // an arrow's right side; kItself: no arrow
};

struct ResolvedMember {
  Position at;
  Member::Kind kind;
  NameId name;
  std::vector<Form> forms;               // relations
  std::vector<ResolvedBranch> branches;  // permissions; unions are flattened, nil is none
};

struct ResolvedDefinition {
  std::string name;
  std::vector<ResolvedMember> members;
  std::unordered_map<NameId, std::size_t> index;  // into members
  std::optional<GrantRole> grant_role;

  const ResolvedMember* find(NameId wanted) const {
    const auto found = index.find(wanted);
    return found != index.end() ? &members[found->second] : nullptr;
  }
};

struct ResolvedSchema {
  std::vector<ResolvedDefinition> definitions;
  std::vector<std::string> names;  // by NameId; [kItself] is empty
};

// Errors: schema.type, schema.limit, schema.unavailable.
Result<ResolvedSchema> resolve_schema(const SourceAst& ast);

}  // namespace allauth::policy
