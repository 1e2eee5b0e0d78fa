#include "app/access/role_members.h"

#include "app/access/roles.h"
#include "app/directory/change.h"
#include "base/text.h"
#include "store/lookups.h"
#include "store/snapshot/role_grants.h"

namespace allauth::app {
namespace {

constexpr std::size_t kExpiredAtOnce = 1000;

std::string field_of(std::size_t index, std::string_view member) {
  return fmt::format("members[{}].{}", index, member);
}

// A role whose members are kept here.
Result<Role> require_role_with_members(store::Read& read, const RoleId& id) {
  TRY(auto role, require_row<Role>(read, id));
  if (!role.system || role.scope_kind == kind::platform) return role;
  return fail(Code::conflict, "role.built_in",
              "The members of owner, admin and member are kept with the members of the domain.");
}

Result<void> check_member(const NewRoleMember& member, const Role& role, Instant now, std::size_t index) {
  if (member.kind != kind::user && member.kind != kind::client)
    return fail(Code::invalid, "role.member_kind", "A member is a user or a client.",
                field_of(index, "kind"));
  if (member.kind == kind::client && role.scope_kind == kind::platform)
    return fail(Code::invalid, "role.member_kind", "Only users hold roles of the platform.",
                field_of(index, "kind"));
  if (member.expires_at && *member.expires_at <= now)
    return fail(Code::invalid, "role.expires_at", "A membership ends in the future.",
                field_of(index, "expires_at"));
  return {};
}

Result<void> require_subject(store::Read& read, const NewRoleMember& member, const DomainId& domain,
                             std::size_t index) {
  if (member.kind == kind::user) {
    TRY(const auto user, store::find<User>(read, member.id));
    if (user) return {};
    return fail(Code::not_found, "user.missing", "There is no such user.", field_of(index, "id"));
  }
  TRY(const auto client, store::find<Client>(read, member.id));
  if (client && client->domain == domain) return {};
  return fail(Code::not_found, "client.missing", "There is no such client in the domain of the role.",
              field_of(index, "id"));
}

Result<RoleMember> put_member(store::Tx& tx, const Caller& caller, const Role& role,
                              const NewRoleMember& member) {
  TRY(auto found, store::find<RoleMember>(tx, role.id, member.kind, member.id));
  RoleMember row = found ? std::move(*found) : member_of(role, member.kind, member.id, "manual");
  if (!found) row.stamp = fresh_stamp(tx, caller);
  row.expires_at = member.expires_at;
  touch(row.stamp, tx, caller);
  TRY(found ? store::update(tx, row) : store::insert(tx, row));
  return row;
}

// Before a membership ends or gets an end.
Result<void> require_other_admin_for(store::Read& read, const Role& role, std::string_view kind,
                                     const std::string& id) {
  if (role.id.str() != kPlatformAdminRole || kind != kind::user) return {};
  return require_other_admin(read, UserId::trusted(id));
}

Result<Page<HeldRole>> roles_of(const Core& core, store::Read& read, const Caller& caller,
                                policy::ObjectRef subject, const ListRequest& request) {
  TRY(auto memberships,
      list_page<RoleMember>(read, store::list::roles_of_subject(), request, subject.kind, subject.id));
  Page<HeldRole> held{
      .items = {}, .next_token = std::move(memberships.next_token), .total = memberships.total};
  const bool own = !caller.who.restrictions && caller.who.principal.subject().object == subject;
  for (auto& membership : memberships.items) {
    if (!own && !Gate(core).allows(caller, act::ReadRole::permission, {kind::role, membership.role.str()}))
      continue;
    TRY(auto role, require_row<Role>(read, membership.role));
    held.items.push_back({std::move(role), std::move(membership)});
  }
  return held;
}

}  // namespace

Result<Page<HeldRole>> list_held_roles(const Core& core, store::Read& read,
                                       const Permit<act::ReadUser>& permit, const ListRequest& request) {
  return roles_of(core, read, permit.caller(), {kind::user, permit.object().str()}, request);
}

Result<Page<HeldRole>> list_held_roles(const Core& core, store::Read& read,
                                       const Permit<act::ReadClient>& permit, const ListRequest& request) {
  return roles_of(core, read, permit.caller(), {kind::client, permit.object().str()}, request);
}

Result<store::Write<std::vector<RoleMember>>> add_role_members(const Core& core,
                                                               Permit<act::ManageRole> permit,
                                                               std::vector<NewRoleMember> members) {
  if (members.empty() || members.size() > kMaxMembersAtOnce)
    return fail(Code::invalid, "role.members", "Give 1 to 100 members.", "members");
  using Rows = std::vector<RoleMember>;
  return guarded<Rows>(
      core, std::move(permit), [members = std::move(members)](store::Tx& tx, const auto& p) -> Result<Rows> {
        TRY(const auto role, require_role_with_members(tx, p.object()));
        TRY(const auto domain, domain_of_scope(tx, role.scope_kind, role.scope_id));
        Rows rows;
        for (std::size_t i = 0; i < members.size(); ++i) {
          TRY(check_member(members[i], role, tx.now(), i));
          TRY(require_subject(tx, members[i], domain, i));
          if (members[i].expires_at) TRY(require_other_admin_for(tx, role, members[i].kind, members[i].id));
          TRY(auto row, put_member(tx, p.caller(), role, members[i]));
          rows.push_back(std::move(row));
        }
        tx.act(act_of(p.caller(), "role.members_added", kind::role, role.id.str(), domain.str()));
        return rows;
      });
}

Result<store::Write<store::Done>> remove_role_member(const Core& core, Permit<act::ManageRole> permit,
                                                     std::string kind, std::string id,
                                                     std::optional<Revision> expected) {
  return guarded<store::Done>(
      core, std::move(permit),
      [kind = std::move(kind), id = std::move(id), expected](store::Tx& tx,
                                                             const auto& p) -> Result<store::Done> {
        TRY(const auto role, require_role_with_members(tx, p.object()));
        TRY(const auto row, store::find<RoleMember>(tx, role.id, kind, id));
        if (!row)
          return fail(Code::not_found, "role.member_missing", "This is no member of the role.", "member_id");
        TRY(check_revision(row->stamp, expected));
        TRY(require_other_admin_for(tx, role, kind, id));
        TRY(store::erase(tx, *row));
        TRY(const auto domain, domain_of_scope(tx, role.scope_kind, role.scope_id));
        tx.act(act_of(p.caller(), "role.member_removed", kind::role, role.id.str(), domain.str()));
        return store::Done{};
      });
}

Result<Page<RoleMember>> list_role_members(store::Read& read, const Permit<act::ReadRole>& permit,
                                           const ListRequest& request) {
  return list_page<RoleMember>(read, store::list::members_of_role(), request, permit.object());
}

Result<bool> has_expired_members(store::Read& read, Instant now) {
  TRY(const auto first, store::select_one<RoleMember>(read, store::lookup::kExpiredMemberships, now, 1));
  return first.has_value();
}

store::Write<store::Done> expire_members() {
  return {.recheck = {}, .run = [](store::Tx& tx) -> Result<store::Done> {
            TRY(const auto rows,
                store::select<RoleMember>(tx, store::lookup::kExpiredMemberships, tx.now(), kExpiredAtOnce));
            // Another node may have been quicker; then there is nothing to note.
            if (rows.empty())
              return fail(Code::conflict, "role.none_expired", "No membership is past its time.");
            for (const auto& row : rows) TRY(store::erase(tx, row));
            tx.act(act_of(system_caller("expiry"), "role.members_expired", {}, {}));
            return store::Done{};
          }};
}

Result<void> require_may_act_as(const Core& core, store::Read& read, const Caller& caller,
                                const ClientId& client) {
  const Gate gate(core);
  TRY(const auto memberships,
      store::select<RoleMember>(read, store::lookup::kMembershipsOfSubject, kind::client, client));
  for (const auto& membership : memberships) {
    const policy::ObjectRef scope{membership.scope_kind, membership.scope_id};
    if (gate.allows(caller, act::CreateRole::permission, scope)) continue;
    TRY(const auto role, require_row<Role>(read, membership.role));
    TRY(const auto granted, store::project_grants(core.schema(), role));
    const bool all = std::ranges::all_of(granted, [&](const store::ObjectGrants& grants) {
      return std::ranges::all_of(grants.allowed, [&](std::string_view action) {
        return gate.allows(caller, fmt::format("can_{}", action), grants.object());
      });
    });
    if (!all)
      return fail(Code::denied, "key.roles",
                  "The client holds a role that grants more than you may do yourself; whoever manages that "
                  "role can make the key.");
  }
  return {};
}

}  // namespace allauth::app
