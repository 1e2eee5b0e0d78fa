#include "app/directory/change.h"
#include "app/directory/channels.h"
#include "store/lookups.h"

namespace allauth::app {
namespace {

store::Act connection_act(const Caller& caller, std::string_view slug, const Connection& connection) {
  // The client is in the image; the channel is what the right is about.
  return act_of(caller, slug, kind::channel, connection.channel.str(), connection.domain.str());
}

}  // namespace

Result<void> check_rights(Rights rights) {
  if (rights.publish || rights.subscribe) return {};
  return fail(Code::invalid, "connection.actions", "A connection is for publishing, subscribing or both.",
              "actions");
}

Result<store::Write<Connection>> connect(const Core& core, Permit<act::ConnectChannel> channel,
                                         Permit<act::ConnectClient> client, Rights rights) {
  TRY(check_rights(rights));
  auto client_permit = std::make_shared<Permit<act::ConnectClient>>(std::move(client));
  return guarded<Connection>(
      core, std::move(channel),
      [&core, client_permit, rights](store::Tx& tx, const auto& p) -> Result<Connection> {
        TRY(Gate(core).confirm(*client_permit));
        TRY(const auto from, require_row<Client>(tx, client_permit->object()));
        TRY(const auto to, require_row<Channel>(tx, p.object()));
        if (from.domain != to.domain)
          return fail(Code::invalid, "connection.domain", "Client and channel must live in the same domain.",
                      "client_id");
        TRY(const auto already, store::find<Connection>(tx, from.id, to.id));
        if (already)
          return fail(Code::conflict, "connection.exists", "The client is connected to this channel already.",
                      "client_id");
        Connection connection{.client = from.id,
                              .channel = to.id,
                              .domain = to.domain,
                              .publish = rights.publish,
                              .subscribe = rights.subscribe,
                              .stamp = fresh_stamp(tx, p.caller())};
        TRY(store::insert(tx, connection));
        tx.act(connection_act(p.caller(), "channel.connected", connection));
        return connection;
      });
}

Result<store::Write<Connection>> change_connection(const Core& core, Permit<act::ConnectChannel> channel,
                                                   ClientId client, Rights rights,
                                                   std::optional<Revision> expected) {
  TRY(check_rights(rights));
  return guarded<Connection>(core, std::move(channel),
                             [client, rights, expected](store::Tx& tx, const auto& p) -> Result<Connection> {
                               TRY(auto connection, require_row<Connection>(tx, client, p.object()));
                               TRY(connection, change_row(tx, p.caller(), std::move(connection), expected,
                                                          [&](Connection& row) -> Result<void> {
                                                            row.publish = rights.publish;
                                                            row.subscribe = rights.subscribe;
                                                            return {};
                                                          }));
                               tx.act(connection_act(p.caller(), "channel.connection_changed", connection));
                               return connection;
                             });
}

Result<store::Write<store::Done>> disconnect(const Core& core, Permit<act::ConnectChannel> channel,
                                             ClientId client, std::optional<Revision> expected) {
  return guarded<store::Done>(core, std::move(channel),
                              [client, expected](store::Tx& tx, const auto& p) -> Result<store::Done> {
                                TRY(const auto connection, require_row<Connection>(tx, client, p.object()));
                                TRY(check_revision(connection.stamp, expected));
                                TRY(store::erase(tx, connection));
                                tx.act(connection_act(p.caller(), "channel.disconnected", connection));
                                return store::Done{};
                              });
}

Result<Page<Connection>> list_connections(store::Read& read, const Permit<act::ReadChannel>& permit,
                                          const ListRequest& request) {
  return list_page<Connection>(read, store::list::connections_of_channel(), request, permit.object());
}

Result<Page<Connection>> list_connections_of_client(store::Read& read, const Permit<act::ReadClient>& permit,
                                                    const ListRequest& request) {
  return list_page<Connection>(read, store::list::connections_of_client(), request, permit.object());
}

}  // namespace allauth::app
