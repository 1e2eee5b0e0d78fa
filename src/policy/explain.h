// Why a check came out as it did: for operators, audit and tests. A value with text of its own.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "policy/decision.h"

namespace allauth::policy {

// One line of a proof.
struct Link {
  enum class Kind {
    edge,     // `object # relation` has `subject`
    grant,    // `object` grants the action `relation` to `subject`
    denial,   // `object` denies the action `relation` to `subject`
    all_of,   // `object # relation` asks for all that follows, one level deeper
    but_not,  // the same, and the subject must not be in what is `absent`
    every,    // the same of all objects that `object # relation` leads to
    absent,   // the subject is not in `object # relation`
  };
  std::string object;    // "channel ch9"
  std::string relation;  // "domain"; for a grant the action
  std::string subject;   // "domain d1", "role r1 # member", "user *"
  Kind kind = Kind::edge;
  std::size_t level = 0;

  // Is it something that the graph holds?
  bool is_stored() const { return kind <= Kind::denial; }
};

// One thing that stood against it.
struct Missing {
  enum class Kind {
    relation,   // the subject is not in `object # name`
    grant,      // no role that has the subject as a member was granted action `name` on `object`
    link,       // `object` has no `name` at all, so nothing could come from there
    excluded,   // the subject is in `object # name`, which takes it away
    undefined,  // whether it is in `object # name` rests on itself, which counts against it
    denied,     // `roles` are denied the action `name` on `object`, and the subject is a member
    closed,     // `object` is closed; `name` says how: "disabled"
  };
  Kind kind;
  std::string object;
  std::string name;
  std::vector<std::string> roles = {};  // grant: roles that do grant it; membership would do
};

struct Explanation {
  static constexpr std::size_t kMaxMissing = 16;
  static constexpr std::size_t kMaxLinks = 64;
  static constexpr std::size_t kMaxRoles = 8;

  Decision decision;
  std::string subject;                // "client c1"
  std::string object;                 // "channel ch9"
  std::string permission;             // "can_publish"
  std::string rule;                   // "channel#publisher", "restricted"
  std::vector<Link> path = {};        // allowed, or kDenyRule: from the object to the subject, or the role
  bool path_cut = false;              // there were more than kMaxLinks
  std::vector<Missing> missing = {};  // denied: denials, then nearest to the object first
  bool missing_cut = false;           // there were more than kMaxMissing
  std::string scope = {};             // kRestrictedRule: a scope that would cover it, as text
  std::optional<Link> least = {};     // denied: the nearest single relationship that would have allowed it

  // First the answer in one sentence, then its details, a line each.
  std::vector<std::string> lines() const;
};

}  // namespace allauth::policy
