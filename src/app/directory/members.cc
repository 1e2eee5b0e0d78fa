#include "app/directory/members.h"

#include "app/directory/change.h"
#include "app/directory/common.h"
#include "store/lookups.h"

namespace allauth::app {
namespace {

struct Found {
  RoleMember row;
  DomainRole role;
};

Member as_member(const RoleMember& row, DomainRole role) {
  return {.domain = DomainId::trusted(row.scope_id),
          .user = UserId::trusted(row.subject_id),
          .role = role,
          .stamp = row.stamp};
}

Result<DomainRole> role_of(store::Read& read, const RoleMember& row) {
  TRY(const auto role, require_row<Role>(read, row.role));
  const auto known = parse_domain_role(role.name);
  if (!known) return fail(Code::bug, "role.unknown", "A membership has a role that is not built in.");
  return *known;
}

Result<std::optional<Found>> find_member(store::Read& read, const DomainId& domain, const UserId& user) {
  TRY(auto row, store::select_one<RoleMember>(read, store::lookup::kMembershipInScope, kind::domain, domain,
                                              kind::user, user));
  if (!row) return std::nullopt;
  TRY(const auto role, role_of(read, *row));
  return Found{std::move(*row), role};
}

std::unexpected<Error> no_member() {
  return fail(Code::not_found, "member.missing", "This user is no member of the domain.", "user_id");
}

Result<Found> require_member(store::Read& read, const DomainId& domain, const UserId& user) {
  TRY(auto found, find_member(read, domain, user));
  if (!found) return no_member();
  return std::move(*found);
}

// All of the user's memberships in the domain: of roles on it and on what is in it. Answers how many.
Result<std::size_t> erase_memberships_in(store::Tx& tx, const DomainId& domain, const UserId& user) {
  TRY(const auto memberships,
      store::select<RoleMember>(tx, store::lookup::kMembershipsOfSubject, kind::user, user));
  std::size_t erased = 0;
  for (const auto& membership : memberships) {
    TRY(const auto where, domain_of_scope(tx, membership.scope_kind, membership.scope_id));
    if (where != domain) continue;
    TRY(store::erase(tx, membership));
    ++erased;
  }
  return erased;
}

Result<void> require_may_name_owners(const Core& core, const Caller& caller, const DomainId& domain) {
  if (Gate(core).allows(caller, act::ManageRoles::permission, {kind::domain, domain.str()})) return {};
  return fail(Code::denied, "member.owner",
              "Only those who manage the domain's roles name, change or remove owners.");
}

Result<RoleMember> insert_member(store::Tx& tx, const Caller& caller, const DomainId& domain,
                                 const UserId& user, DomainRole role) {
  TRY(const auto row, find_domain_role(tx, domain, role));
  RoleMember membership = member_of(row, kind::user, user.str(), "manual");
  membership.stamp = fresh_stamp(tx, caller);
  TRY(store::insert(tx, membership));
  return membership;
}

Result<Member> put_member(const Core& core, store::Tx& tx, const Caller& caller, const DomainId& domain,
                          const NewMember& fresh) {
  if (fresh.role == DomainRole::owner) TRY(require_may_name_owners(core, caller, domain));
  TRY(const auto known, store::find<User>(tx, fresh.user));
  if (!known) return fail(Code::not_found, "user.missing", "There is no such user.", "user_id");
  TRY(const auto already, find_member(tx, domain, fresh.user));
  if (already) return fail(Code::conflict, "member.exists", "This user is a member already.", "user_id");
  TRY(const auto row, insert_member(tx, caller, domain, fresh.user, fresh.role));
  return as_member(row, fresh.role);
}

}  // namespace

Result<void> require_other_owner(store::Read& read, const RoleMember& membership) {
  if (membership.scope_kind != kind::domain || membership.subject_kind != kind::user) return {};
  TRY(const auto role, require_row<Role>(read, membership.role));
  if (!role.system || parse_domain_role(role.name) != DomainRole::owner) return {};
  TRY(const auto owners, store::count(read, store::lookup::kCountUsersOfRole, membership.role));
  if (owners > 1) return {};
  return fail(Code::conflict, "owner.last", "The last owner of a domain must stay.");
}

Result<store::Write<Member>> add_member(const Core& core, Permit<act::ManageMembers> permit, UserId user,
                                        DomainRole role) {
  return guarded<Member>(
      core, std::move(permit),
      [&core, fresh = NewMember{std::move(user), role}](store::Tx& tx, const auto& p) -> Result<Member> {
        TRY(auto member, put_member(core, tx, p.caller(), p.object(), fresh));
        tx.act(act_of(p.caller(), "member.added", kind::user, fresh.user.str(), p.object().str()));
        return member;
      });
}

Result<store::Write<std::vector<Member>>> add_members(const Core& core, Permit<act::ManageMembers> permit,
                                                      std::vector<NewMember> members) {
  if (members.empty() || members.size() > kMaxAddedAtOnce)
    return fail(Code::invalid, "members.count", "Give 1 to 100 members.", "members");
  using Added = std::vector<Member>;
  return guarded<Added>(
      core, std::move(permit),
      [&core, members = std::move(members)](store::Tx& tx, const auto& p) -> Result<Added> {
        Added added;
        for (std::size_t i = 0; i < members.size(); ++i) {
          TRY(auto member, in_item("members", i, put_member(core, tx, p.caller(), p.object(), members[i])));
          added.push_back(std::move(member));
        }
        const auto& domain = p.object().str();
        tx.act(act_of(p.caller(), "domain.members_added", kind::domain, domain, domain));
        return added;
      });
}

Result<store::Write<Member>> change_member(const Core& core, Permit<act::ManageMembers> permit, UserId user,
                                           DomainRole role, std::optional<Revision> expected) {
  return guarded<Member>(
      core, std::move(permit), [&core, user, role, expected](store::Tx& tx, const auto& p) -> Result<Member> {
        TRY(const auto found, require_member(tx, p.object(), user));
        TRY(check_revision(found.row.stamp, expected));
        if (role == DomainRole::owner || found.role == DomainRole::owner)
          TRY(require_may_name_owners(core, p.caller(), p.object()));
        if (role == found.role) {
          tx.act(act_of(p.caller(), "member.changed", kind::user, user.str(), p.object().str()));
          return as_member(found.row, role);
        }
        TRY(require_other_owner(tx, found.row));
        TRY(store::erase(tx, found.row));
        TRY(const auto row, insert_member(tx, p.caller(), p.object(), user, role));
        tx.act(act_of(p.caller(), "member.changed", kind::user, user.str(), p.object().str()));
        return as_member(row, role);
      });
}

Result<store::Write<store::Done>> remove_member(const Core& core, Permit<act::ManageMembers> permit,
                                                UserId user, std::optional<Revision> expected) {
  return guarded<store::Done>(
      core, std::move(permit), [&core, user, expected](store::Tx& tx, const auto& p) -> Result<store::Done> {
        TRY(const auto found, find_member(tx, p.object(), user));
        if (found) {
          TRY(check_revision(found->row.stamp, expected));
          if (found->role == DomainRole::owner) TRY(require_may_name_owners(core, p.caller(), p.object()));
          TRY(require_other_owner(tx, found->row));
        }
        TRY(const auto erased, erase_memberships_in(tx, p.object(), user));
        if (erased == 0) return no_member();
        tx.act(act_of(p.caller(), "member.removed", kind::user, user.str(), p.object().str()));
        return store::Done{};
      });
}

Result<Page<Member>> list_members(store::Read& read, const Permit<act::ReadMembers>& permit,
                                  const ListRequest& request) {
  TRY(auto rows, list_page<RoleMember>(read, store::list::members_of_domain(), request, permit.object()));
  Page<Member> members{.items = {}, .next_token = std::move(rows.next_token), .total = rows.total};
  for (const auto& row : rows.items) {
    TRY(const auto role, role_of(read, row));
    members.items.push_back(as_member(row, role));
  }
  return members;
}

Result<Page<Membership>> list_memberships(const Core& core, store::Read& read,
                                          const Permit<act::ReadUser>& permit, const ListRequest& request) {
  TRY(auto rows, list_page<RoleMember>(read, store::list::domains_of_user(), request, permit.object()));
  Page<Membership> page{.items = {}, .next_token = std::move(rows.next_token), .total = rows.total};
  for (const auto& row : rows.items) {
    TRY(const auto role, role_of(read, row));
    Membership membership{.member = as_member(row, role), .domain_name = {}};
    if (Gate(core).allows(permit.caller(), act::ReadDomain::permission, {kind::domain, row.scope_id})) {
      TRY(const auto domain, require_row<Domain>(read, membership.member.domain));
      membership.domain_name = domain.name;
    }
    page.items.push_back(std::move(membership));
  }
  return page;
}

}  // namespace allauth::app
