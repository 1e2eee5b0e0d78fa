// Roles of one's own making, on the platform, a domain, a group, a client or a channel.
//
// What can be granted and denied is what the policy schema lists as actions of the scope's kind, and it holds
// on the scope and below only. Whoever may manage the roles of a scope may grant any of its actions, also
// such that they lack themselves: docs/decisions/018-roles-end-at-their-scope.md. They may deny as well:
// docs/decisions/037-what-roles-can-deny.md.
#pragma once

#include <string>
#include <vector>

#include "app/access/gate.h"
#include "app/access/role_grants.h"
#include "app/lists/list_page.h"
#include "model/access.h"

namespace allauth::app {

inline constexpr std::size_t kMaxRolesPerScope = 100;

struct NewRole {
  std::string name;  // parse_name
  RoleActions actions;
};

// What is absent stays as it is.
struct RoleChanges {
  std::optional<std::string> name = {};
  std::optional<std::vector<std::string>> allowed = {};
  std::optional<std::vector<std::string>> denied = {};
  std::optional<std::vector<RoleGrant>> elsewhere = {};
};

// The kinds that roles can be on have actions. Error: invalid role.scope.
Result<RoleScope> parse_scope(const policy::CompiledSchema& schema, std::string_view kind,
                              std::string_view id);
// Error: invalid role.scope.
struct Actions {
  std::vector<std::string> all;
  std::vector<std::string> deniable;  // those of them that can also be denied
};
Result<Actions> list_actions(const policy::CompiledSchema& schema, std::string_view kind);

// Errors of all that take actions: those of check_words() and require_things(). Of all that change a role:
// conflict role.built_in.

// Errors: conflict name.taken (in its scope), exhausted role.too_many.
Result<store::Write<Role>> create_role(const Core& core, Permit<act::CreateRole> permit, NewRole role);

Result<Role> get_role(store::Read& read, const Permit<act::ReadRole>& permit);
// The built-in ones as well.
Result<Page<Role>> list_roles(store::Read& read, const Permit<act::ListRoles>& permit,
                              const ListRequest& request);

// Error: conflict name.taken.
Result<store::Write<Role>> update_role(const Core& core, Permit<act::ManageRole> permit, RoleChanges changes,
                                       std::optional<Revision> expected);
enum class ActionChange { add, remove };
Result<store::Write<Role>> change_actions(const Core& core, Permit<act::ManageRole> permit, ActionChange how,
                                          RoleActions actions, std::optional<Revision> expected);
// Erases its memberships as well.
Result<store::Write<store::Done>> delete_role(const Core& core, Permit<act::ManageRole> permit,
                                              std::optional<Revision> expected);

}  // namespace allauth::app
