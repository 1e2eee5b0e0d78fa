#include "app/directory/bulk_connections.h"

#include <set>

#include "wire/native/services.h"
#include "wire/native/steps.h"

namespace allauth::wire::native {
namespace {

// What is named twice counts once.
template <class Act, class Ids>
Result<std::vector<app::Permit<Act>>> permits(const Backend& backend, const app::Caller& caller,
                                              const Ids& ids, std::string_view list) {
  if (static_cast<std::size_t>(ids.size()) > app::kMaxPairsAtOnce)
    return fail(Code::invalid, "connections.count", "There are too many.", std::string(list));
  std::set<std::string_view> seen;
  std::vector<app::Permit<Act>> allowed;
  for (int i = 0; i < ids.size(); ++i) {
    if (!seen.insert(ids[i]).second) continue;
    TRY(auto one, app::in_item(list, static_cast<std::size_t>(i), permit<Act>(backend, caller, ids[i], {})));
    allowed.push_back(std::move(one));
  }
  return allowed;
}

template <class Request>
Result<app::Ends> decode_ends(const Backend& backend, const Call& call, const Request& request) {
  TRY(const auto caller, authenticate_call(backend, call));
  TRY(auto domain, DomainId::parse(request.domain_id(), "domain_id"));
  TRY(auto channels,
      permits<app::act::ConnectChannel>(backend, caller, request.channel_ids(), "channel_ids"));
  TRY(auto clients, permits<app::act::ConnectClient>(backend, caller, request.client_ids(), "client_ids"));
  TRY(auto groups, permits<app::act::ConnectGroup>(backend, caller, request.group_ids(), "group_ids"));
  return app::Ends{std::move(domain), std::move(channels), std::move(clients), std::move(groups)};
}

}  // namespace

void add_bulk_connections(MethodTable& table, const Backend& backend) {
  using app::Connections;

  add_write<v1::BatchConnectRequest, v1::BatchConnectResponse>(
      table, backend, "allauth.v1.ChannelService.BatchConnect",
      [&backend](const Call& call,
                 const v1::BatchConnectRequest& request) -> Result<store::Write<Connections>> {
        TRY(auto ends, decode_ends(backend, call, request));
        return app::connect_all(backend.core, std::move(ends), decode_rights(request.actions()));
      },
      [](Connections&& made) -> Result<v1::BatchConnectResponse> {
        v1::BatchConnectResponse response;
        for (const auto& connection : made.of_clients) *response.add_connections() = encode(connection);
        for (const auto& connection : made.of_groups) *response.add_group_connections() = encode(connection);
        return response;
      });

  add_write<v1::BatchDisconnectRequest, v1::BatchDisconnectResponse>(
      table, backend, "allauth.v1.ChannelService.BatchDisconnect",
      [&backend](const Call& call,
                 const v1::BatchDisconnectRequest& request) -> Result<store::Write<Connections>> {
        TRY(auto ends, decode_ends(backend, call, request));
        return app::disconnect_all(backend.core, std::move(ends));
      },
      [](Connections&& gone) -> Result<v1::BatchDisconnectResponse> {
        v1::BatchDisconnectResponse response;
        response.set_removed(static_cast<std::uint32_t>(gone.of_clients.size() + gone.of_groups.size()));
        return response;
      });
}

}  // namespace allauth::wire::native
