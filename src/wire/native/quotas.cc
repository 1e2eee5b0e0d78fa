#include "app/directory/quotas.h"

#include "wire/native/services.h"
#include "wire/native/steps.h"

namespace allauth::wire::native {
namespace {

std::uint32_t encode_amount(std::int64_t amount) {
  return static_cast<std::uint32_t>(
      std::clamp<std::int64_t>(amount, 0, std::numeric_limits<std::uint32_t>::max()));
}

v1::DomainUsage encode(const app::DomainUsage& usage) {
  v1::DomainUsage message;
  const std::array<v1::Usage*, kCounted> parts{message.mutable_members(),    message.mutable_clients(),
                                               message.mutable_channels(),   message.mutable_groups(),
                                               message.mutable_roles(),      message.mutable_connections(),
                                               message.mutable_client_keys()};
  for (std::size_t i = 0; i < kCounted; ++i) {
    parts[i]->set_used(encode_amount(usage.used[i]));
    parts[i]->set_quota(encode_amount(usage.quotas[i]));
    parts[i]->set_own_quota(usage.own.own[i].has_value());
  }
  return message;
}

Result<app::QuotaChanges> decode(const v1::SetDomainQuotasRequest& request) {
  app::QuotaChanges changes;
  const auto set = [&](Counted what, bool given, std::uint32_t quota) {
    if (given) changes.set[static_cast<std::size_t>(what)] = quota;
  };
  set(Counted::members, request.has_members(), request.members());
  set(Counted::clients, request.has_clients(), request.clients());
  set(Counted::channels, request.has_channels(), request.channels());
  set(Counted::groups, request.has_groups(), request.groups());
  set(Counted::roles, request.has_roles(), request.roles());
  set(Counted::connections, request.has_connections(), request.connections());
  set(Counted::client_keys, request.has_client_keys(), request.client_keys());
  for (const auto& name : request.reset()) {
    const auto* found = std::ranges::find(kCountedNames, name);
    if (found == kCountedNames.end())
      return fail(Code::invalid, "quota.unknown",
                  fmt::format("There are quotas for {}.", fmt::join(kCountedNames, ", ")), "reset");
    const auto at = static_cast<std::size_t>(found - kCountedNames.begin());
    if (changes.set[at])
      return fail(Code::invalid, "quota.twice", "A quota is either set or reset.", "reset");
    changes.reset[at] = true;
  }
  return changes;
}

}  // namespace

void add_quotas(MethodTable& table, const Backend& backend) {
  add_read<v1::GetDomainUsageRequest, v1::DomainUsage>(
      table, backend, "allauth.v1.DomainService.GetDomainUsage",
      [&backend](store::Read& read, const app::Caller& caller,
                 const v1::GetDomainUsageRequest& request) -> Result<v1::DomainUsage> {
        TRY(const auto allowed,
            permit<app::act::ReadDomain>(backend, caller, request.domain_id(), "domain_id"));
        TRY(const auto usage, app::get_usage(backend.core, read, allowed));
        return encode(usage);
      });

  add_write<v1::SetDomainQuotasRequest, v1::DomainUsage>(
      table, backend, "allauth.v1.DomainService.SetDomainQuotas",
      [&backend](const Call& call,
                 const v1::SetDomainQuotasRequest& request) -> Result<store::Write<app::DomainUsage>> {
        TRY(const auto expected, expected_revision(call));
        TRY(const auto caller, authenticate_call(backend, call));
        TRY(auto domain, DomainId::parse(request.domain_id(), "domain_id"));
        TRY(auto allowed, platform_permit<app::act::SetQuotas>(backend, caller));
        TRY(const auto changes, decode(request));
        return app::set_quotas(backend.core, std::move(allowed), std::move(domain), changes, expected);
      },
      [](app::DomainUsage&& usage) -> Result<v1::DomainUsage> { return encode(usage); });
}

}  // namespace allauth::wire::native
