// A schema as it is written: names are text and need not mean anything yet. Internal to the schema
// compiler.
#pragma once

#include <string>
#include <vector>

#include "policy/schema/position.h"

namespace allauth::policy {

// The comments right before a declaration, with their delimiters.
using DocComments = std::vector<std::string>;

struct SourceName {
  Position at;
  std::string text;
};

// user, role#member, user:*, user with on_tuesday and expiration
struct SourceType {
  Position at;
  std::string definition;
  std::string relation = {};  // empty: the object itself
  bool wildcard = false;
  SourceName caveat = {};  // empty: none
  bool expiration = false;
};

struct SourceExpr {
  enum class Kind {
    nil,
    self,
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
  Position at = {};
  DocComments comments = {};
  std::string name = {};
  std::vector<SourceType> types = {};
  bool from_grants = false;
  bool never_denied = false;  // from allow grants
};

struct SourcePermission {
  Position at = {};
  DocComments comments = {};
  std::string name = {};
  std::vector<SourceName> types = {};  // permission view: user | group = …; none: not said
  SourceExpr expr = {};
};

// A partial is one too: what definitions take over by `...name`.
struct SourceDefinition {
  Position at = {};
  DocComments comments = {};
  std::string name = {};
  std::vector<SourceRelation> relations = {};
  std::vector<SourcePermission> permissions = {};
  std::vector<SourceName> partials = {};
};

// list<string>
struct SourceCaveatType {
  Position at;
  std::string name;
  std::vector<SourceCaveatType> arguments = {};
};

struct SourceCaveat {
  struct Parameter {
    SourceName name;
    SourceCaveatType type;
  };
  Position at = {};
  DocComments comments = {};
  std::string name = {};
  std::vector<Parameter> parameters = {};
  SourceName condition = {};  // CEL, as it is written between the braces
};

struct SourceAst {
  std::vector<SourceDefinition> definitions = {};
  std::vector<SourceDefinition> partials = {};
  std::vector<SourceCaveat> caveats = {};
  std::vector<SourceName> imports = {};
};

}  // namespace allauth::policy
