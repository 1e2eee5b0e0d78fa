// What a role grants and denies, as callers give it, and as it is stored.
//
// Actions of the scope itself are a list of words for each effect; `*` is a word as well. Beside them are
// grants elsewhere: on one thing in the domain of the role's scope, and on what a foreign application has
// (docs/decisions/037-what-roles-can-deny.md).
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "app/access/gate.h"
#include "model/access.h"

namespace allauth::app {

inline constexpr std::size_t kMaxGrantsElsewhere = 200;  // of one role

// As a caller gives them.
struct RoleActions {
  std::vector<std::string> allowed = {};
  std::vector<std::string> denied = {};
  std::vector<RoleGrant> elsewhere = {};
};

// The same, checked: in order and each once.
struct RoleWords {
  std::set<std::string> allowed;
  std::set<std::string> denied;
  std::vector<RoleGrant> elsewhere;
};

// Errors: invalid role.action (no action of that kind), role.never_denied, role.grant (a grant that cannot be
// in a role on this kind of thing); exhausted role.too_many_grants.
Result<RoleWords> check_words(const policy::CompiledSchema& schema, std::string_view scope_kind,
                              const RoleActions& actions);
// What a role holds.
RoleWords words_of(const Role& role);
std::vector<RoleGrant> grants_of(std::string_view scope_kind, const RoleWords& words);

// Those with what comes, and without what goes. Error: exhausted role.too_many_grants.
Result<RoleWords> add_words(RoleWords held, const RoleWords& more);
RoleWords remove_words(RoleWords held, const RoleWords& less);

// Whether all the single things are in the role's domain, under the writer's lock. Error: not_found
// role.grant_object.
Result<void> require_things(store::Read& read, const Role& role, const RoleWords& words);

// Before a thing is erased: nothing is granted on it any more by roles elsewhere.
Result<void> take_grants_on(store::Tx& tx, const Caller& caller, std::string_view kind,
                            const std::string& id);

}  // namespace allauth::app
