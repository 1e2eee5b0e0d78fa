#include "app/directory/domains.h"

#include "wire/native/services.h"
#include "wire/native/steps.h"

namespace allauth::wire::native {
namespace {

Result<app::NewDomain> decode(const v1::CreateDomainRequest& request) {
  app::NewDomain domain;
  TRY(domain.common, decode_common(request));
  TRY(domain.route, parse_or_empty(request.route(), "route", parse_route));
  return domain;
}

Result<app::DomainChanges> decode(const Call& call, const v1::UpdateDomainRequest& request) {
  app::DomainChanges changes;
  TRY(changes.common, decode_common_changes(call, request));
  TRY(changes.route, decode_present<std::string>(call, "route", request.route(), [](auto& text, auto member) {
        return parse_or_empty(text, member, parse_route);
      }));
  return changes;
}

template <class Request>
void add_status(MethodTable& table, const Backend& backend, std::string name, Status status) {
  add_write<Request, v1::Domain>(
      table, backend, std::move(name),
      [&backend, status](const Call& call, const Request& request) -> Result<store::Write<Domain>> {
        TRY(const auto expected, expected_revision(call));
        TRY(auto allowed, permit<app::act::EnableDomain>(backend, call, request.domain_id(), "domain_id"));
        return app::set_domain_status(backend.core, std::move(allowed), status, expected);
      },
      encode_entity<v1::Domain>());
}

void add_domain_reads(MethodTable& table, const Backend& backend) {
  add_read<v1::GetDomainRequest, v1::Domain>(
      table, backend, "allauth.v1.DomainService.GetDomain",
      [&backend](store::Read& read, const app::Caller& caller,
                 const v1::GetDomainRequest& request) -> Result<v1::Domain> {
        TRY(const auto allowed,
            permit<app::act::ReadDomain>(backend, caller, request.domain_id(), "domain_id"));
        TRY(const auto domain, app::get_domain(read, allowed));
        return encode(domain);
      });

  add_read<v1::ListDomainsRequest, v1::ListDomainsResponse>(
      table, backend, "allauth.v1.DomainService.ListDomains",
      [&backend](store::Read& read, const app::Caller& caller,
                 const v1::ListDomainsRequest& request) -> Result<v1::ListDomainsResponse> {
        TRY(const auto list, decode_list(request));
        TRY(const auto domains, app::list_domains(backend.core, read, caller, list));
        return encode_page<v1::ListDomainsResponse>(domains,
                                                    [](auto& response) { return response.add_domains(); });
      });
}

}  // namespace

void add_domains(MethodTable& table, const Backend& backend) {
  add_domain_reads(table, backend);

  add_write<v1::CreateDomainRequest, v1::Domain>(
      table, backend, "allauth.v1.DomainService.CreateDomain",
      [&backend](const Call& call, const v1::CreateDomainRequest& request) -> Result<store::Write<Domain>> {
        TRY(const auto caller, authenticate_call(backend, call));
        TRY(auto allowed, platform_permit<app::act::CreateDomain>(backend, caller));
        TRY(auto domain, decode(request));
        return app::create_domain(backend.core, std::move(allowed), std::move(domain));
      },
      encode_entity<v1::Domain>());

  add_write<v1::UpdateDomainRequest, v1::Domain>(
      table, backend, "allauth.v1.DomainService.UpdateDomain",
      [&backend](const Call& call, const v1::UpdateDomainRequest& request) -> Result<store::Write<Domain>> {
        TRY(const auto expected, expected_revision(call));
        TRY(auto allowed, permit<app::act::UpdateDomain>(backend, call, request.domain_id(), "domain_id"));
        TRY(auto changes, decode(call, request));
        return app::update_domain(backend.core, std::move(allowed), std::move(changes), expected);
      },
      encode_entity<v1::Domain>());

  add_status<v1::EnableDomainRequest>(table, backend, "allauth.v1.DomainService.EnableDomain",
                                      Status::enabled);
  add_status<v1::DisableDomainRequest>(table, backend, "allauth.v1.DomainService.DisableDomain",
                                       Status::disabled);

  add_write<v1::FreezeDomainRequest, v1::Domain>(
      table, backend, "allauth.v1.DomainService.FreezeDomain",
      [&backend](const Call& call, const v1::FreezeDomainRequest& request) -> Result<store::Write<Domain>> {
        TRY(const auto expected, expected_revision(call));
        TRY(auto allowed, permit<app::act::FreezeDomain>(backend, call, request.domain_id(), "domain_id"));
        return app::freeze_domain(backend.core, std::move(allowed), expected);
      },
      encode_entity<v1::Domain>());

  add_write<v1::DeleteDomainRequest, google::protobuf::Empty>(
      table, backend, "allauth.v1.DomainService.DeleteDomain",
      [&backend](const Call& call,
                 const v1::DeleteDomainRequest& request) -> Result<store::Write<store::Done>> {
        TRY(const auto expected, expected_revision(call));
        TRY(auto allowed, permit<app::act::DeleteDomain>(backend, call, request.domain_id(), "domain_id"));
        return app::delete_domain(backend.core, std::move(allowed), decode_force(request.force()), expected);
      },
      encode_nothing());
}

}  // namespace allauth::wire::native
