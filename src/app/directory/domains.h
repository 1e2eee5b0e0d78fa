// Domains: tenants, in which clients and channels live.
#pragma once

#include "app/access/gate.h"
#include "app/directory/common.h"
#include "app/directory/erase.h"
#include "app/lists/list_page.h"
#include "model/entities.h"

namespace allauth::app {

struct NewDomain {
  CommonFields common;
  std::string route;  // parse_route; may be empty
};

// What is absent stays as it is.
struct DomainChanges {
  CommonChanges common;
  std::optional<std::string> route;
};

// Makes the built-in roles as well, and the caller, if a user, the owner. Errors: conflict route.taken,
// quota.domains.
Result<store::Write<Domain>> create_domain(const Core& core, Permit<act::CreateDomain> permit,
                                           NewDomain domain);

Result<Domain> get_domain(store::Read& read, const Permit<act::ReadDomain>& permit);

// All domains for those who may see every one, else those that the caller is a member of.
Result<Page<Domain>> list_domains(const Core& core, store::Read& read, const Caller& caller,
                                  const ListRequest& request);

Result<store::Write<Domain>> update_domain(const Core& core, Permit<act::UpdateDomain> permit,
                                           DomainChanges changes, std::optional<Revision> expected);
Result<store::Write<Domain>> set_domain_status(const Core& core, Permit<act::EnableDomain> permit,
                                               Status status, std::optional<Revision> expected);
// Who may not, among those who may do everything else in it, are told gate.closed until it is enabled.
Result<store::Write<Domain>> freeze_domain(const Core& core, Permit<act::FreezeDomain> permit,
                                           std::optional<Revision> expected);

// Refused while clients, channels or groups are in it: conflict domain.not_empty. Forced, it erases them
// with all that belongs to them; that takes client_delete, channel_delete and group_delete on it: denied
// force.denied, conflict delete.too_large.
Result<store::Write<store::Done>> delete_domain(const Core& core, Permit<act::DeleteDomain> permit,
                                                Deletion how, std::optional<Revision> expected);

}  // namespace allauth::app
