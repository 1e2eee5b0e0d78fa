#include "app/access/roles.h"

#include "app/directory/change.h"
#include "app/extensions/annotations.h"
#include "store/lookups.h"

namespace allauth::app {
namespace {

struct Action {
  std::string_view kind, action;
  DomainRole least;  // this role and all stronger ones hold it
};

constexpr Action kDomainActions[] = {
    {kind::domain, "read", DomainRole::member},         {kind::domain, "member_read", DomainRole::member},
    {kind::domain, "role_read", DomainRole::member},    {kind::group, "read", DomainRole::member},
    {kind::client, "read", DomainRole::member},         {kind::channel, "read", DomainRole::member},
    {kind::domain, "update", DomainRole::admin},        {kind::domain, "audit_read", DomainRole::admin},
    {kind::domain, "member_manage", DomainRole::admin}, {kind::group, "create", DomainRole::admin},
    {kind::group, "update", DomainRole::admin},         {kind::group, "delete", DomainRole::admin},
    {kind::group, "move", DomainRole::admin},           {kind::client, "create", DomainRole::admin},
    {kind::client, "update", DomainRole::admin},        {kind::client, "delete", DomainRole::admin},
    {kind::client, "move", DomainRole::admin},          {kind::client, "connect", DomainRole::admin},
    {kind::client, "key", DomainRole::admin},           {kind::channel, "create", DomainRole::admin},
    {kind::channel, "update", DomainRole::admin},       {kind::channel, "delete", DomainRole::admin},
    {kind::channel, "move", DomainRole::admin},         {kind::channel, "connect", DomainRole::admin},
    {kind::channel, "publish", DomainRole::admin},      {kind::channel, "subscribe", DomainRole::admin},
    {kind::domain, "enable", DomainRole::owner},        {kind::domain, "delete", DomainRole::owner},
    {kind::domain, "role_manage", DomainRole::owner},
};

}  // namespace

std::string_view to_string(DomainRole role) {
  switch (role) {
    case DomainRole::owner:
      return "owner";
    case DomainRole::admin:
      return "admin";
    case DomainRole::member:
      return "member";
  }
  return "member";
}

std::optional<DomainRole> parse_domain_role(std::string_view name) {
  for (const auto role : {DomainRole::owner, DomainRole::admin, DomainRole::member})
    if (to_string(role) == name) return role;
  return std::nullopt;
}

Role platform_admin_role() {
  return {.id = RoleId::trusted(std::string(kPlatformAdminRole)),
          .scope_kind = std::string(kind::platform),
          .scope_id = std::string(kPlatformId),
          .name = "admin",
          .system = true,
          .grants = {{.kind = std::string(kind::platform), .object = {}, .action = "administer"}}};
}

Role domain_role(DomainRole role, RoleId id, const DomainId& domain) {
  Role made{.id = std::move(id),
            .scope_kind = std::string(kind::domain),
            .scope_id = domain.str(),
            .name = std::string(to_string(role)),
            .system = true};
  for (const auto& action : kDomainActions)
    if (role <= action.least)
      made.grants.push_back(
          {.kind = std::string(action.kind), .object = {}, .action = std::string(action.action)});
  return made;
}

RoleMember member_of(const Role& role, std::string_view subject_kind, std::string_view subject_id,
                     std::string_view origin) {
  return {.role = role.id,
          .subject_kind = std::string(subject_kind),
          .subject_id = std::string(subject_id),
          .scope_kind = role.scope_kind,
          .scope_id = role.scope_id,
          .origin = std::string(origin)};
}

Result<Role> find_domain_role(store::Read& read, const DomainId& domain, DomainRole role) {
  TRY(auto found, store::select_one<Role>(read, store::lookup::kRoleByName, kind::domain, domain,
                                          std::string(to_string(role))));
  if (!found) return fail(Code::bug, "role.missing", "The domain lacks a built-in role.");
  return std::move(*found);
}

Result<Role> require_own_role(store::Read& read, const RoleId& id) {
  TRY(auto role, require_row<Role>(read, id));
  if (!role.system) return role;
  return fail(Code::conflict, "role.built_in", "A built-in role stays as it is.");
}

Result<void> erase_role(store::Tx& tx, Role role) {
  TRY(const auto members, store::select<RoleMember>(tx, store::lookup::kMembersOfRole, role.id));
  for (const auto& member : members) TRY(store::erase(tx, member));
  TRY(erase_annotations(tx, {kind::role, role.id.str()}));
  role.grants.clear();
  TRY(store::update(tx, role));
  return store::erase(tx, role);
}

Result<DomainId> domain_of_scope(store::Read& read, std::string_view scope_kind,
                                 const std::string& scope_id) {
  if (scope_kind == kind::platform) return DomainId();
  if (scope_kind == kind::domain) {
    TRY(const auto domain, require_row<Domain>(read, scope_id));
    return domain.id;
  }
  if (scope_kind == kind::group) {
    TRY(const auto group, require_row<Group>(read, scope_id));
    return group.domain;
  }
  if (scope_kind == kind::client) {
    TRY(const auto client, require_row<Client>(read, scope_id));
    return client.domain;
  }
  if (scope_kind == kind::channel) {
    TRY(const auto channel, require_row<Channel>(read, scope_id));
    return channel.domain;
  }
  return missing_object();
}

Result<void> require_other_admin(store::Read& read, const UserId& user) {
  TRY(const auto self, store::find<RoleMember>(read, kPlatformAdminRole, kind::user, user.str()));
  if (!self) return {};
  TRY(const auto others,
      store::count(read, store::lookup::kCountOtherUsersOfRole, kPlatformAdminRole, user.str()));
  if (others > 0) return {};
  return fail(Code::conflict, "admin.last", "The last platform administrator must stay.");
}

}  // namespace allauth::app
