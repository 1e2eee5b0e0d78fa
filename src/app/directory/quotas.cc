#include "app/directory/quotas.h"

#include "app/directory/change.h"
#include "store/lookups.h"
#include "store/usage.h"

namespace allauth::app {
namespace {

Result<DomainUsage> usage_of(const Core& core, store::Read& read, const Domain& domain) {
  TRY(const auto used, store::usage_of(read, domain.id.str()));
  return DomainUsage{.used = used, .quotas = effective(domain.quotas, core.quotas), .own = domain.quotas};
}

}  // namespace

Result<DomainUsage> get_usage(const Core& core, store::Read& read, const Permit<act::ReadDomain>& permit) {
  TRY(const auto domain, require_row<Domain>(read, permit.object()));
  return usage_of(core, read, domain);
}

Result<store::Write<DomainUsage>> set_quotas(const Core& core, Permit<act::SetQuotas> permit, DomainId id,
                                             QuotaChanges changes, std::optional<Revision> expected) {
  return guarded<DomainUsage>(
      core, std::move(permit),
      [&core, id = std::move(id), changes, expected](store::Tx& tx, const auto& p) -> Result<DomainUsage> {
        TRY(auto domain, require_row<Domain>(tx, id));
        TRY(domain, change_row(tx, p.caller(), std::move(domain), expected, [&](Domain& row) -> Result<void> {
              for (std::size_t i = 0; i < kCounted; ++i) {
                if (changes.reset[i]) row.quotas.own[i].reset();
                if (changes.set[i]) row.quotas.own[i] = changes.set[i];
              }
              return {};
            }));
        tx.act(act_of(p.caller(), "domain.quotas_set", kind::domain, domain.id.str(), domain.id.str()));
        return usage_of(core, tx, domain);
      });
}

Result<void> require_domain_quota(const Core& core, store::Read& read, const Caller& caller) {
  if (core.domains_per_user == 0) return {};
  TRY(const auto made, store::count(read, store::lookup::kCountDomainsCreatedBy, caller.who.principal.id,
                                    core.domains_per_user));
  if (made < core.domains_per_user) return {};
  return fail(Code::conflict, "quota.domains",
              fmt::format("You have made {} of at most {} domains; this would be more.", made,
                          core.domains_per_user));
}

}  // namespace allauth::app
