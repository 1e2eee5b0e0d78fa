#include "app/directory/channels.h"
#include "wire/native/services.h"
#include "wire/native/steps.h"

namespace allauth::wire::native {
namespace {

Result<app::Permit<app::act::ConnectChannel>> may_connect(const Backend& backend, const Call& call,
                                                          const std::string& channel) {
  return permit<app::act::ConnectChannel>(backend, call, channel, "channel_id");
}

// Who is connected, by the request.
template <class Request>
auto parse_subject(const Request& request) {
  if constexpr (requires { request.client_id(); })
    return ClientId::parse(request.client_id(), "client_id");
  else
    return GroupId::parse(request.group_id(), "group_id");
}

template <class Request>
auto permit_subject(const Backend& backend, const app::Caller& caller, const Request& request) {
  if constexpr (requires { request.client_id(); })
    return permit<app::act::ConnectClient>(backend, caller, request.client_id(), "client_id");
  else
    return permit<app::act::ConnectGroup>(backend, caller, request.group_id(), "group_id");
}

// The connections of one end, by `read_page(read, permit, list)`.
template <class Act, class Request, class Response, class ReadPage>
void add_list(MethodTable& table, const Backend& backend, std::string name, std::string_view field,
              const std::string& (Request::*id)() const, ReadPage read_page) {
  add_read<Request, Response>(table, backend, std::move(name),
                              [&backend, field, id, read_page](store::Read& read, const app::Caller& caller,
                                                               const Request& request) -> Result<Response> {
                                TRY(const auto allowed, permit<Act>(backend, caller, (request.*id)(), field));
                                TRY(const auto list, decode_list(request));
                                TRY(const auto connections, read_page(read, allowed, list));
                                return encode_page<Response>(
                                    connections, [](auto& response) { return response.add_connections(); });
                              });
}

template <class Row, class Request, class Message>
void add_connect(MethodTable& table, const Backend& backend, std::string name) {
  add_write<Request, Message>(
      table, backend, std::move(name),
      [&backend](const Call& call, const Request& request) -> Result<store::Write<Row>> {
        TRY(auto channel, may_connect(backend, call, request.channel_id()));
        TRY(auto subject, permit_subject(backend, channel.caller(), request));
        const auto rights = decode_rights(request.actions());
        return app::connect(backend.core, std::move(channel), std::move(subject), rights);
      },
      encode_entity<Message>());
}

template <class Row, class Request, class Message>
void add_update(MethodTable& table, const Backend& backend, std::string name) {
  add_write<Request, Message>(
      table, backend, std::move(name),
      [&backend](const Call& call, const Request& request) -> Result<store::Write<Row>> {
        TRY(const auto expected, expected_revision(call));
        TRY(auto channel, may_connect(backend, call, request.channel_id()));
        TRY(auto subject, parse_subject(request));
        const auto rights = decode_rights(request.actions());
        return app::change_connection(backend.core, std::move(channel), std::move(subject), rights, expected);
      },
      encode_entity<Message>());
}

template <class Request>
void add_disconnect(MethodTable& table, const Backend& backend, std::string name) {
  add_write<Request, google::protobuf::Empty>(
      table, backend, std::move(name),
      [&backend](const Call& call, const Request& request) -> Result<store::Write<store::Done>> {
        TRY(const auto expected, expected_revision(call));
        TRY(auto channel, may_connect(backend, call, request.channel_id()));
        TRY(auto subject, parse_subject(request));
        return app::disconnect(backend.core, std::move(channel), std::move(subject), expected);
      },
      encode_nothing());
}

void add_lists(MethodTable& table, const Backend& backend) {
  add_list<app::act::ReadChannel, v1::ListConnectionsRequest, v1::ListConnectionsResponse>(
      table, backend, "allauth.v1.ChannelService.ListConnections", "channel_id",
      &v1::ListConnectionsRequest::channel_id, app::list_connections);
  add_list<app::act::ReadClient, v1::ListClientConnectionsRequest, v1::ListClientConnectionsResponse>(
      table, backend, "allauth.v1.ChannelService.ListClientConnections", "client_id",
      &v1::ListClientConnectionsRequest::client_id, app::list_connections_of_client);
  add_list<app::act::ReadChannel, v1::ListConnectedGroupsRequest, v1::ListConnectedGroupsResponse>(
      table, backend, "allauth.v1.ChannelService.ListConnectedGroups", "channel_id",
      &v1::ListConnectedGroupsRequest::channel_id, app::list_groups_of_channel);
  add_list<app::act::ReadGroup, v1::ListGroupConnectionsRequest, v1::ListGroupConnectionsResponse>(
      table, backend, "allauth.v1.ChannelService.ListGroupConnections", "group_id",
      &v1::ListGroupConnectionsRequest::group_id, app::list_connections_of_group);
}

}  // namespace

void add_connections(MethodTable& table, const Backend& backend) {
  add_lists(table, backend);
  add_connect<Connection, v1::ConnectRequest, v1::Connection>(table, backend,
                                                              "allauth.v1.ChannelService.Connect");
  add_update<Connection, v1::UpdateConnectionRequest, v1::Connection>(
      table, backend, "allauth.v1.ChannelService.UpdateConnection");
  add_disconnect<v1::DisconnectRequest>(table, backend, "allauth.v1.ChannelService.Disconnect");

  add_connect<GroupConnection, v1::ConnectGroupRequest, v1::GroupConnection>(
      table, backend, "allauth.v1.ChannelService.ConnectGroup");
  add_update<GroupConnection, v1::UpdateGroupConnectionRequest, v1::GroupConnection>(
      table, backend, "allauth.v1.ChannelService.UpdateGroupConnection");
  add_disconnect<v1::DisconnectGroupRequest>(table, backend, "allauth.v1.ChannelService.DisconnectGroup");
}

}  // namespace allauth::wire::native
