// What a compiled relation or permission is made of.
//
// A place is a member (relation, permission, or part of one) on an object; for one subject it holds or it
// does not. Each member has a plan: a union of steps. Steps that lead to other places or straight to the
// subject are searched along; the last three kinds are gates, whose parts are places to be solved apart.
#pragma once

#include <cstdint>
#include <string>
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
  std::vector<Target> targets;  // not empty, except for `every`; a definition that is missing lacks the name
};

// One branch of a union. `hops` of a
//   direct: the relation's usersets (role#member), asked for that relation;
//   grants: one, to the role and its relation; its label is unused, the grants are the edges;
//   arrow:  all edges of the left relation, asked for the right side;
//   every:  the same, for `.all()`: there is one at least, and all hold.
// `parts` of a
//   same:   one member of the same object;
//   all_of: members of the same object, all of which hold (&);
//   but_not: the first holds and none of the others (-).
struct Step {
  enum class Kind : std::uint8_t {
    self,  // the object is the subject
    direct,
    grants,
    same,
    arrow,
    all_of,
    but_not,
    every,
  };
  Kind kind;
  MemberId rule;              // the relation (for an arrow: its left side); all_of, but_not: who says so
  NameId relation = kItself;  // its name; for grants the action
  NameId target = kItself;    // an arrow's right side
  // On the right of `-`: each member asked for is a fact of its own, less who is denied it. Elsewhere who
  // is denied an operand is denied the whole, which is asked once.
  bool apart = false;
  std::vector<Hop> hops = {};
  std::vector<MemberId> parts = {};

  bool is_gate() const { return kind >= Kind::all_of; }
};

// Permissions on the same object are folded in: `permission a = b + c->d` with `permission b = e` has
// the steps e (direct) and c->d. Exact for unions. Steps are shared: CompiledSchema::step().
struct Plan {
  std::vector<NameId> names;  // sorted: who is asked about as the holders of one of these is a holder
  std::vector<StepId> steps;  // cheapest first
  // To search along. Of the steps that are grants only the first, which stands for all: they lead to the same
  // role, so the grants of an object are gone through once, for any of `actions` (a bit for each name).
  std::vector<StepId> ways = {};
  std::string actions = {};
};

struct Member {
  enum class Kind : std::uint8_t {
    relation,    // stored
    granted,     // from grants
    permission,  // computed
    part,        // an operand of a gate that is no single name; has the name of the permission it is in
  };
  Kind kind;
  DefinitionId definition;
  NameId name;
  bool direct_only = false;      // a stored relation without usersets: an edge to the subject is all there is
  bool deniable = false;         // some grant that a role can be denied leads here
  bool never_denied = false;     // a relation from allow grants
  std::vector<Form> forms = {};  // none for a permission
  Plan plan = {};
};

}  // namespace allauth::policy
