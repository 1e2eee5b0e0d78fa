// Who belongs to a domain, each with one of its built-in roles. Further roles of the same user in the
// domain are apart from that (access/role_members.h), but go with the member.
#pragma once

#include "app/access/gate.h"
#include "app/access/roles.h"
#include "app/lists/list_page.h"

namespace allauth::app {

struct Member {
  DomainId domain;
  UserId user;
  DomainRole role = DomainRole::member;
  Stamp stamp;
};

// Owners are named and changed only by those who may manage roles. For that the use-cases below ask
// again, themselves. Errors: denied member.owner, conflict member.exists, owner.last, not_found
// user.missing, member.missing.
Result<store::Write<Member>> add_member(const Core& core, Permit<act::ManageMembers> permit, UserId user,
                                        DomainRole role);
// Up to kMaxAddedAtOnce, all or none; the field of an error names the one at fault. Further error:
// invalid members.count.
inline constexpr std::size_t kMaxAddedAtOnce = 100;
struct NewMember {
  UserId user;
  DomainRole role = DomainRole::member;
};
Result<store::Write<std::vector<Member>>> add_members(const Core& core, Permit<act::ManageMembers> permit,
                                                      std::vector<NewMember> members);
Result<store::Write<Member>> change_member(const Core& core, Permit<act::ManageMembers> permit, UserId user,
                                           DomainRole role, std::optional<Revision> expected);
// Takes every role in the domain from the user, on whatever they are.
Result<store::Write<store::Done>> remove_member(const Core& core, Permit<act::ManageMembers> permit,
                                                UserId user, std::optional<Revision> expected);
Result<Page<Member>> list_members(store::Read& read, const Permit<act::ReadMembers>& permit,
                                  const ListRequest& request);

// The domains that a user belongs to, by their ids.
struct Membership {
  Member member;
  std::string domain_name;  // empty where the caller may not read the domain
};
Result<Page<Membership>> list_memberships(const Core& core, store::Read& read,
                                          const Permit<act::ReadUser>& permit, const ListRequest& request);

// Error conflict owner.last if this membership is the only lasting one of a user in the owner role of a
// domain.
Result<void> require_other_owner(store::Read& read, const RoleMember& membership);

}  // namespace allauth::app
