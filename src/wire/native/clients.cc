#include "app/directory/clients.h"

#include "wire/native/services.h"
#include "wire/native/steps.h"

namespace allauth::wire::native {
namespace {

// A request for one client, or one of several.
template <class Request>
Result<app::NewClient> decode(const Request& request) {
  app::NewClient client;
  if (request.has_client_id()) {
    TRY(client.id, ClientId::parse(request.client_id(), "client_id"));
  }
  TRY(client.common, decode_common(request));
  if (request.has_key()) client.key = Secret(request.key());
  return client;
}

v1::CreateClientResponse encode_created(app::CreatedClient&& created) {
  v1::CreateClientResponse response;
  *response.mutable_client() = encode(created.client);
  response.set_key_id(created.key.id.str());
  response.set_key(std::move(created.key.key).reveal());
  return response;
}

template <class Request>
void add_status(MethodTable& table, const Backend& backend, std::string name, Status status) {
  add_write<Request, v1::Client>(
      table, backend, std::move(name),
      [&backend, status](const Call& call, const Request& request) -> Result<store::Write<Client>> {
        TRY(const auto expected, expected_revision(call));
        TRY(auto allowed, permit<app::act::UpdateClient>(backend, call, request.client_id(), "client_id"));
        return app::set_client_status(backend.core, std::move(allowed), status, expected);
      },
      encode_entity<v1::Client>());
}

void add_client_reads(MethodTable& table, const Backend& backend) {
  add_read<v1::GetClientRequest, v1::Client>(
      table, backend, "allauth.v1.ClientService.GetClient",
      [&backend](store::Read& read, const app::Caller& caller,
                 const v1::GetClientRequest& request) -> Result<v1::Client> {
        TRY(const auto allowed,
            permit<app::act::ReadClient>(backend, caller, request.client_id(), "client_id"));
        TRY(const auto client, app::get_client(read, allowed));
        return encode(client);
      });

  add_read<v1::ListClientsRequest, v1::ListClientsResponse>(
      table, backend, "allauth.v1.ClientService.ListClients",
      [&backend](store::Read& read, const app::Caller& caller,
                 const v1::ListClientsRequest& request) -> Result<v1::ListClientsResponse> {
        TRY(const auto allowed,
            permit<app::act::ListClients>(backend, caller, request.domain_id(), "domain_id"));
        TRY(const auto list, decode_list(request));
        TRY(const auto clients, app::list_clients(read, allowed, list));
        return encode_page<v1::ListClientsResponse>(clients,
                                                    [](auto& response) { return response.add_clients(); });
      });
}

void add_keys(MethodTable& table, const Backend& backend) {
  add_write<v1::CreateKeyRequest, v1::CreateKeyResponse>(
      table, backend, "allauth.v1.ClientService.CreateKey",
      [&backend](const Call& call,
                 const v1::CreateKeyRequest& request) -> Result<store::Write<app::MadeKey>> {
        TRY(auto allowed, permit<app::act::ManageKeys>(backend, call, request.client_id(), "client_id"));
        std::optional<Secret> given;
        if (request.has_key()) given = Secret(request.key());
        return app::create_key(backend.core, std::move(allowed), std::move(given));
      },
      [](app::MadeKey&& made) -> Result<v1::CreateKeyResponse> {
        v1::CreateKeyResponse response;
        response.set_client_id(made.client.str());
        response.set_key_id(made.id.str());
        response.set_key(std::move(made.key).reveal());
        return response;
      });

  add_read<v1::ListKeysRequest, v1::ListKeysResponse>(
      table, backend, "allauth.v1.ClientService.ListKeys",
      [&backend](store::Read& read, const app::Caller& caller,
                 const v1::ListKeysRequest& request) -> Result<v1::ListKeysResponse> {
        TRY(const auto allowed,
            permit<app::act::ManageKeys>(backend, caller, request.client_id(), "client_id"));
        TRY(const auto list, decode_list(request));
        TRY(const auto keys, app::list_keys(read, allowed, list));
        v1::ListKeysResponse response;
        set_page(response, keys);
        for (const auto& key : keys.items) {
          auto& item = *response.add_keys();
          item.set_key_id(key.id.str());
          *item.mutable_created_at() = encode_time(key.stamp.created_at);
          item.set_created_by(key.stamp.created_by);
        }
        return response;
      });

  add_write<v1::DeleteKeyRequest, google::protobuf::Empty>(
      table, backend, "allauth.v1.ClientService.DeleteKey",
      [&backend](const Call& call, const v1::DeleteKeyRequest& request) -> Result<store::Write<store::Done>> {
        TRY(auto allowed, permit<app::act::ManageKeys>(backend, call, request.client_id(), "client_id"));
        TRY(auto key, CredentialId::parse(request.key_id(), "key_id"));
        return app::delete_key(backend.core, std::move(allowed), std::move(key));
      },
      encode_nothing());
}

}  // namespace

void add_clients(MethodTable& table, const Backend& backend) {
  add_client_reads(table, backend);
  add_keys(table, backend);

  add_write<v1::CreateClientRequest, v1::CreateClientResponse>(
      table, backend, "allauth.v1.ClientService.CreateClient",
      [&backend](const Call& call,
                 const v1::CreateClientRequest& request) -> Result<store::Write<app::CreatedClient>> {
        TRY(const auto caller, authenticate_call(backend, call));
        TRY(auto allowed, place_permit<app::act::CreateClient>(backend, caller, request.domain_id(),
                                                               request.group_id(), "group_id"));
        TRY(auto client, decode(request));
        return app::create_client(backend.core, std::move(allowed), std::move(client));
      },
      [](app::CreatedClient&& created) -> Result<v1::CreateClientResponse> {
        return encode_created(std::move(created));
      });

  add_write<v1::BatchCreateClientsRequest, v1::BatchCreateClientsResponse>(
      table, backend, "allauth.v1.ClientService.BatchCreateClients",
      [&backend](const Call& call, const v1::BatchCreateClientsRequest& request)
          -> Result<store::Write<std::vector<app::CreatedClient>>> {
        TRY(const auto caller, authenticate_call(backend, call));
        TRY(auto allowed, place_permit<app::act::CreateClient>(backend, caller, request.domain_id(),
                                                               request.group_id(), "group_id"));
        TRY(auto clients, decode_items<app::NewClient>("clients", request.clients(),
                                                       [](const auto& item) { return decode(item); }));
        return app::create_clients(backend.core, std::move(allowed), std::move(clients));
      },
      [](std::vector<app::CreatedClient>&& created) -> Result<v1::BatchCreateClientsResponse> {
        v1::BatchCreateClientsResponse response;
        for (auto& one : created) *response.add_clients() = encode_created(std::move(one));
        return response;
      });

  add_write<v1::UpdateClientRequest, v1::Client>(
      table, backend, "allauth.v1.ClientService.UpdateClient",
      [&backend](const Call& call, const v1::UpdateClientRequest& request) -> Result<store::Write<Client>> {
        TRY(const auto expected, expected_revision(call));
        TRY(auto allowed, permit<app::act::UpdateClient>(backend, call, request.client_id(), "client_id"));
        TRY(auto changes, decode_common_changes(call, request));
        return app::update_client(backend.core, std::move(allowed), std::move(changes), expected);
      },
      encode_entity<v1::Client>());

  add_status<v1::EnableClientRequest>(table, backend, "allauth.v1.ClientService.EnableClient",
                                      Status::enabled);
  add_status<v1::DisableClientRequest>(table, backend, "allauth.v1.ClientService.DisableClient",
                                       Status::disabled);

  add_write<v1::MoveClientRequest, v1::Client>(
      table, backend, "allauth.v1.ClientService.MoveClient",
      [&backend](const Call& call, const v1::MoveClientRequest& request) -> Result<store::Write<Client>> {
        TRY(const auto expected, expected_revision(call));
        TRY(auto allowed, permit<app::act::MoveClient>(backend, call, request.client_id(), "client_id"));
        TRY(auto into,
            destination_permit<app::act::CreateClient>(backend, call, allowed.caller(), kind::client,
                                                       allowed.object(), request.group_id(), "group_id"));
        return app::move_client(backend.core, std::move(allowed), std::move(into), expected);
      },
      encode_entity<v1::Client>());

  add_write<v1::DeleteClientRequest, google::protobuf::Empty>(
      table, backend, "allauth.v1.ClientService.DeleteClient",
      [&backend](const Call& call,
                 const v1::DeleteClientRequest& request) -> Result<store::Write<store::Done>> {
        TRY(const auto expected, expected_revision(call));
        TRY(auto allowed, permit<app::act::DeleteClient>(backend, call, request.client_id(), "client_id"));
        return app::delete_client(backend.core, std::move(allowed), expected);
      },
      encode_nothing());
}

}  // namespace allauth::wire::native
