// Why a check came out as it did: for operators, audit and tests. A value with text of its own.
#pragma once

#include <string>
#include <vector>

#include "policy/decision.h"

namespace allauth::policy {

// One link of the way that allowed: `object # relation` holds `subject`.
struct Link {
  std::string object;    // "channel ch9"
  std::string relation;  // "domain"; for a grant the action
  std::string subject;   // "domain d1", "role r1 # member"
  bool grant = false;    // the object grants the action `relation` to the role
};

// One thing that would have allowed, had it been there.
struct Missing {
  enum class Kind {
    relation,  // the subject is not in `object # name`
    grant,     // no role that has the subject as a member was granted action `name` on `object`
    link,      // `object` has no `name` at all, so nothing could come from there
  };
  Kind kind;
  std::string object;
  std::string name;
  std::vector<std::string> roles = {};  // grant: roles that do grant it; membership would do
};

struct Explanation {
  static constexpr std::size_t kMaxMissing = 16;
  static constexpr std::size_t kMaxRoles = 8;

  Decision decision;
  std::string subject;                // "client c1"
  std::string object;                 // "channel ch9"
  std::string permission;             // "can_publish"
  std::string rule;                   // "channel#publisher", "restricted"
  std::vector<Link> path = {};        // allowed: from the object to the subject
  std::vector<Missing> missing = {};  // denied: nearest to the object first
  bool missing_cut = false;           // there were more than kMaxMissing

  // First the answer in one sentence, then its details, a line each.
  std::vector<std::string> lines() const;
};

}  // namespace allauth::policy
