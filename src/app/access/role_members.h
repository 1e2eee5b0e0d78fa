// Who holds a role: users and clients, each for good or until a time.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "app/access/gate.h"
#include "app/lists/list_page.h"
#include "model/access.h"

namespace allauth::app {

inline constexpr std::size_t kMaxMembersAtOnce = 100;

struct NewRoleMember {
  std::string kind;  // "user" or "client"
  std::string id;
  std::optional<Instant> expires_at;
};

// All or nothing; who is a member already gets the new time. The members of owner, admin and member of a
// domain are kept with the domain's members (directory/members.h): conflict role.built_in.
// A client can hold roles in its own domain only: whoever may give it a key could else reach further.
// Errors: invalid role.members (none, or too many), role.member_kind, role.expires_at (not in the future);
// not_found user.missing, client.missing; conflict admin.last (the last lasting administrator).
Result<store::Write<std::vector<RoleMember>>> add_role_members(const Core& core,
                                                               Permit<act::ManageRole> permit,
                                                               std::vector<NewRoleMember> members);
// Errors: not_found role.member_missing, conflict role.built_in, admin.last.
Result<store::Write<store::Done>> remove_role_member(const Core& core, Permit<act::ManageRole> permit,
                                                     std::string kind, std::string id,
                                                     std::optional<Revision> expected);
// By kind and id.
Result<Page<RoleMember>> list_role_members(store::Read& read, const Permit<act::ReadRole>& permit,
                                           const ListRequest& request);

// The roles that a user or client holds and the caller may see, by id. Whoever looks at themselves sees
// all; a page may be shorter than asked for.
struct HeldRole {
  Role role;
  RoleMember membership;
};
Result<Page<HeldRole>> list_held_roles(const Core& core, store::Read& read,
                                       const Permit<act::ReadUser>& permit, const ListRequest& request);
Result<Page<HeldRole>> list_held_roles(const Core& core, store::Read& read,
                                       const Permit<act::ReadClient>& permit, const ListRequest& request);

// True once a membership is past its time and still there.
Result<bool> has_expired_members(store::Read& read, Instant now);
// Erases memberships whose time is over, a thousand at most; with the row, the right goes everywhere.
// Error: conflict role.none_expired.
store::Write<store::Done> expire_members();

// Whoever has a key of a client acts as it. So a key of a client with roles is for those who may manage
// those roles, or hold each of their actions themselves. Error: denied key.roles.
Result<void> require_may_act_as(const Core& core, store::Read& read, const Caller& caller,
                                const ClientId& client);

}  // namespace allauth::app
