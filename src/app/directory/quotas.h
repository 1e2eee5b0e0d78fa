// How much a domain holds and may hold.
#pragma once

#include "app/access/gate.h"
#include "model/entities.h"
#include "model/quotas.h"

namespace allauth::app {

struct DomainUsage {
  Amounts used{};
  Amounts quotas{};  // 0: no limit
  Quotas own;        // those that are not the installation's
};

Result<DomainUsage> get_usage(const Core& core, store::Read& read, const Permit<act::ReadDomain>& permit);

// What is absent stays as it is.
struct QuotaChanges {
  std::array<std::optional<std::int64_t>, kCounted> set{};  // 0: no limit
  std::array<bool, kCounted> reset{};                       // back to the installation's
};

// A quota below what there is takes nothing away; it only lets nothing more in.
Result<store::Write<DomainUsage>> set_quotas(const Core& core, Permit<act::SetQuotas> permit, DomainId domain,
                                             QuotaChanges changes, std::optional<Revision> expected);

// Under the writer's lock: whether the caller may make one more domain. Error: conflict quota.domains.
Result<void> require_domain_quota(const Core& core, store::Read& read, const Caller& caller);

}  // namespace allauth::app
