// What a compiled relation or permission is made of.
#pragma once

#include <cstdint>
#include <vector>

#include "policy/label.h"

namespace allauth::policy {

using DefinitionId = std::uint16_t;
using MemberId = std::uint16_t;
using StepId = std::uint32_t;

// The role of `relation x: role#member from grants`.
struct GrantRole {
  DefinitionId definition;
  NameId relation;

  friend bool operator==(const GrantRole&, const GrantRole&) = default;
};

// A kind of subject that a relation allows: user (relation = kItself), role#member or user:*.
struct Form {
  DefinitionId definition;
  NameId relation;
  bool wildcard = false;  // relation is kItself then

  friend bool operator==(const Form&, const Form&) = default;
};

// Edges to walk along, and what to ask of the object at the far end, by its definition.
struct Hop {
  struct Target {
    DefinitionId definition;
    MemberId member;
  };
  Label label;
  bool mixed;                   // the far end may be of several definitions, so it has to be looked at
  std::vector<Target> targets;  // not empty; a definition that is missing has nothing to ask for
};

// One branch of a union. `hops` of a
//   direct: the relation's usersets (role#member), asked for that relation;
//   grants: one, to the role and its relation; its label is unused, the grants are the edges;
//   arrow:  all edges of the left relation, asked for the right side.
struct Step {
  enum class Kind : std::uint8_t { direct, grants, arrow };
  Kind kind;
  MemberId rule;            // the relation (for an arrow: its left side)
  NameId relation;          // its name; for grants the action
  NameId target = kItself;  // an arrow's right side
  std::vector<Hop> hops = {};
};

// Permissions on the same object are folded in: `permission a = b + c->d` with `permission b = e` has
// the steps e (direct) and c->d. Exact for unions. Steps are shared: CompiledSchema::step().
struct Plan {
  std::vector<NameId> names;  // sorted: who is asked about as the holders of one of these is a holder
  std::vector<StepId> steps;  // cheapest first
};

struct Member {
  enum class Kind : std::uint8_t {
    relation,    // stored
    granted,     // from grants
    permission,  // computed
  };
  Kind kind;
  DefinitionId definition;
  NameId name;
  bool direct_only = false;      // a stored relation without usersets: an edge to the subject is all there is
  std::vector<Form> forms = {};  // none for a permission
  Plan plan = {};
};

}  // namespace allauth::policy
