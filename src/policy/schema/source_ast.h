// A schema as it is written: names are text and need not mean anything yet. Internal to the schema
// compiler.
#pragma once

#include <string>
#include <vector>

#include "policy/schema/position.h"

namespace allauth::policy {

// user, role#member, user:*
struct SourceType {
  Position at;
  std::string definition;
  std::string relation;  // empty: the object itself
  bool wildcard = false;
};

struct SourceExpr {
  enum class Kind {
    nil,
    reference,     // name
    arrow,         // name->target; all: name.all(target)
    union_,        // parts[0] + parts[1] + …
    intersection,  // parts[0] & parts[1] & …
    exclusion,     // parts[0] - parts[1] - …
  };
  Kind kind;
  Position at;
  std::string name = {};
  std::string target = {};
  bool all = false;
  std::vector<SourceExpr> parts = {};
};

struct SourceRelation {
  Position at;
  std::string name;
  std::vector<SourceType> types;
  bool from_grants = false;
};

struct SourcePermission {
  Position at;
  std::string name;
  SourceExpr expr;
};

struct SourceDefinition {
  Position at;
  std::string name;
  std::vector<SourceRelation> relations;
  std::vector<SourcePermission> permissions;
};

struct SourceAst {
  std::vector<SourceDefinition> definitions;
};

}  // namespace allauth::policy
