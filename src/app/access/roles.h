// The built-in roles: which actions they hold. One row per action and role is all that is stored; the
// policy schema makes permissions of them.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "app/caller.h"
#include "model/access.h"
#include "store/write.h"

namespace allauth::app {

// The roles of a domain, strongest first.
enum class DomainRole { owner, admin, member };
std::string_view to_string(DomainRole);
std::optional<DomainRole> parse_domain_role(std::string_view name);

// The one role that administers the platform.
inline constexpr std::string_view kPlatformAdminRole = "platform-admin";

Role platform_admin_role();
Role domain_role(DomainRole role, RoleId id, const DomainId& domain);

// Makes somebody a member of a role.
RoleMember member_of(const Role& role, std::string_view subject_kind, std::string_view subject_id,
                     std::string_view origin);

// The role of a domain by its name; a bug if a domain lacks one.
Result<Role> find_domain_role(store::Read& read, const DomainId& domain, DomainRole role);

// A role that may be changed. Errors: not_found object.missing, conflict role.built_in.
Result<Role> require_own_role(store::Read& read, const RoleId& id);

// Erases a role and its members, taking back what it granted first.
Result<void> erase_role(store::Tx& tx, Role role);

// The domain of what a role is on; empty for the platform. Error: not_found object.missing.
Result<DomainId> domain_of_scope(store::Read& read, std::string_view scope_kind, const std::string& scope_id);

// Error conflict admin.last if this user is an administrator of the platform and nobody else is one who
// is enabled and stays one.
Result<void> require_other_admin(store::Read& read, const UserId& user);

}  // namespace allauth::app
