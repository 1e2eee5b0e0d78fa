#include "app/directory/domains.h"

#include "app/access/roles.h"
#include "app/directory/change.h"
#include "app/directory/quotas.h"
#include "app/extensions/annotations.h"
#include "app/extensions/records.h"
#include "app/lists/covered_rows.h"
#include "store/lookups.h"

namespace allauth::app {
namespace {

constexpr DomainRole kBuiltIn[] = {DomainRole::owner, DomainRole::admin, DomainRole::member};

Result<void> require_free_route(store::Read& read, const Domain& domain) {
  TRY(const auto same, store::select_one<Domain>(read, store::lookup::kDomainByRoute, domain.route));
  if (!same || same->id == domain.id) return {};
  return fail(Code::conflict, "route.taken", "Another domain has this route.", "route");
}

Result<void> insert_roles(store::Tx& tx, const Caller& caller, const DomainId& domain,
                          const std::array<RoleId, 3>& ids) {
  for (const auto kind_of_role : kBuiltIn) {
    Role role = domain_role(kind_of_role, ids[static_cast<std::size_t>(kind_of_role)], domain);
    role.stamp = fresh_stamp(tx, caller);
    TRY(store::insert(tx, role));
    if (kind_of_role != DomainRole::owner || caller.who.principal.kind != PrincipalKind::user) continue;
    TRY(require_row<User>(tx, caller.who.principal.id));
    RoleMember owner = member_of(role, kind::user, caller.who.principal.id, "creator");
    owner.stamp = fresh_stamp(tx, caller);
    TRY(store::insert(tx, owner));
  }
  return {};
}

void apply_changes(Domain& domain, DomainChanges changes) {
  if (changes.route) domain.route = std::move(*changes.route);
  change_common(domain, std::move(changes.common));
}

std::string_view slug_of(Status status) {
  switch (status) {
    case Status::enabled:
      return "domain.enabled";
    case Status::disabled:
      return "domain.disabled";
    case Status::frozen:
      return "domain.frozen";
  }
  return "domain.disabled";
}

template <class Act>
store::Write<Domain> changing_status(const Core& core, Permit<Act> permit, Status status,
                                     std::optional<Revision> expected) {
  return guarded<Domain>(
      core, std::move(permit), [status, expected](store::Tx& tx, const auto& p) -> Result<Domain> {
        TRY(auto domain, require_row<Domain>(tx, p.object()));
        TRY(domain, change_row(tx, p.caller(), std::move(domain), expected, [&](Domain& row) -> Result<void> {
              row.status = status;
              return {};
            }));
        tx.act(act_of(p.caller(), slug_of(status), kind::domain, domain.id.str(), domain.id.str()));
        return domain;
      });
}

// Those that a token's scopes name, as far as its owner may read them.
Result<Page<Domain>> list_named_domains(const Core& core, store::Read& read, const Caller& caller,
                                        const policy::Covered& covered, const ListRequest& request) {
  const Gate gate(core);
  TRY(auto rows, rows_named<Domain>(read, covered, [&](const Domain& domain) {
        return gate.allows(caller, act::ReadDomain::permission, {kind::domain, domain.id.str()});
      }));
  return list_few(std::move(rows), store::list::domains(), request);
}

}  // namespace

Result<store::Write<Domain>> create_domain(const Core& core, Permit<act::CreateDomain> permit,
                                           NewDomain fresh) {
  Domain domain{.id = DomainId::trusted(core.ids.next()), .route = std::move(fresh.route)};
  set_common(domain, std::move(fresh.common));
  std::array<RoleId, 3> roles;
  for (auto& id : roles) id = RoleId::trusted(core.ids.next());
  return guarded<Domain>(
      core, std::move(permit),
      [&core, domain = std::move(domain), roles = std::move(roles)](store::Tx& tx,
                                                                    const auto& p) -> Result<Domain> {
        TRY(require_free_route(tx, domain));
        TRY(require_domain_quota(core, tx, p.caller()));
        Domain made = domain;
        made.stamp = fresh_stamp(tx, p.caller());
        TRY(store::insert(tx, made));
        TRY(insert_roles(tx, p.caller(), made.id, roles));
        tx.act(act_of(p.caller(), "domain.created", kind::domain, made.id.str(), made.id.str()));
        return made;
      });
}

Result<Domain> get_domain(store::Read& read, const Permit<act::ReadDomain>& permit) {
  return require_row<Domain>(read, permit.object());
}

Result<Page<Domain>> list_domains(const Core& core, store::Read& read, const Caller& caller,
                                  const ListRequest& request) {
  const Gate gate(core);
  if (caller.who.restrictions) {
    const auto covered = covered_for(caller, {kind::domain, {}});
    if (!covered.all) return list_named_domains(core, read, caller, covered, request);
  }
  if (gate.allows(caller, "can_domain_read", {kind::platform, kPlatformId}))
    return list_page<Domain>(read, store::list::domains(), request);
  const auto& who = caller.who.principal;
  TRY(auto rows, store::select<Domain>(read, store::lookup::kDomainsOfMember, to_string(who.kind), who.id,
                                       request.most_examined + 1));
  if (rows.size() > request.most_examined) return too_many_to_count(request.most_examined);
  // A role of one's own making need not let its members see the domain itself.
  std::erase_if(rows, [&](const Domain& domain) {
    return !gate.allows(caller, act::ReadDomain::permission, {kind::domain, domain.id.str()});
  });
  return list_few(std::move(rows), store::list::domains(), request);
}

Result<store::Write<Domain>> update_domain(const Core& core, Permit<act::UpdateDomain> permit,
                                           DomainChanges changes, std::optional<Revision> expected) {
  return guarded<Domain>(
      core, std::move(permit),
      [changes = std::move(changes), expected](store::Tx& tx, const auto& p) -> Result<Domain> {
        TRY(auto domain, require_row<Domain>(tx, p.object()));
        TRY(domain, change_row(tx, p.caller(), std::move(domain), expected, [&](Domain& row) {
              apply_changes(row, changes);
              return require_free_route(tx, row);
            }));
        tx.act(act_of(p.caller(), "domain.updated", kind::domain, domain.id.str(), domain.id.str()));
        return domain;
      });
}

Result<store::Write<Domain>> set_domain_status(const Core& core, Permit<act::EnableDomain> permit,
                                               Status status, std::optional<Revision> expected) {
  return changing_status(core, std::move(permit), status, expected);
}

Result<store::Write<Domain>> freeze_domain(const Core& core, Permit<act::FreezeDomain> permit,
                                           std::optional<Revision> expected) {
  return changing_status(core, std::move(permit), Status::frozen, expected);
}

Result<store::Write<store::Done>> delete_domain(const Core& core, Permit<act::DeleteDomain> permit,
                                                Deletion how, std::optional<Revision> expected) {
  return guarded<store::Done>(
      core, std::move(permit), [&core, how, expected](store::Tx& tx, const auto& p) -> Result<store::Done> {
        constexpr std::string_view kForceTakes[] = {"can_client_delete", "can_channel_delete",
                                                    "can_group_delete"};
        TRY(const auto domain, require_row<Domain>(tx, p.object()));
        TRY(check_revision(domain.stamp, expected));
        if (how == Deletion::forced)
          TRY(require_force(core, p.caller(), {kind::domain, domain.id.str()}, kForceTakes));
        const auto enough = how == Deletion::forced ? core.most_erased + 1 : 1;
        TRY(const auto content, store::count(tx, store::lookup::kCountContentOfDomain, domain.id, enough));
        if (content > 0 && how == Deletion::if_empty)
          return fail(Code::conflict, "domain.not_empty",
                      "Clients, channels or groups are in it; delete them first, or say force=true.");
        TRY(require_erasable(core, content));
        // Roles first: what they grant on single things goes with them.
        TRY(explain_size(erase_roles_on(tx, kind::domain, domain.id.str())));
        TRY(explain_size(erase_content(tx, p.caller(), domain.id)));
        TRY(explain_size(erase_extensions(tx, domain.id)));
        TRY(erase_annotations(tx, {kind::domain, domain.id.str()}));
        TRY(store::erase(tx, domain));
        tx.act(act_of(p.caller(), "domain.deleted", kind::domain, domain.id.str(), domain.id.str()));
        return store::Done{};
      });
}

}  // namespace allauth::app
