#include "app/directory/change.h"
#include "app/directory/connected.h"

namespace allauth::app {
namespace {

template <class Row>
store::Act connection_act(const Caller& caller, std::string_view slug, const Row& connection) {
  // Who is connected is in the image; the channel is what the right is about.
  return act_of(caller, slug, kind::channel, connection.channel.str(), connection.domain.str());
}

template <class Row>
Result<store::Write<Row>> connect_row(const Core& core, Permit<act::ConnectChannel> channel,
                                      Permit<typename Connected<Row>::Act> given, Rights rights) {
  using Who = Connected<Row>;
  TRY(check_rights(rights));
  auto subject = std::make_shared<decltype(given)>(std::move(given));
  return guarded<Row>(
      core, std::move(channel), [&core, subject, rights](store::Tx& tx, const auto& p) -> Result<Row> {
        TRY(Gate(core).confirm(*subject));
        TRY(const auto from, require_row<typename Who::Subject>(tx, subject->object()));
        TRY(const auto to, require_row<Channel>(tx, p.object()));
        if (from.domain != to.domain)
          return fail(Code::invalid, "connection.domain",
                      fmt::format("The {} and the channel must live in the same domain.", Who::word),
                      std::string(Who::field));
        TRY(const auto already, store::find<Row>(tx, from.id, to.id));
        if (already)
          return fail(Code::conflict, "connection.exists",
                      fmt::format("The {} is connected to this channel already.", Who::word),
                      std::string(Who::field));
        auto connection = make_connection<Row>(from.id, to.id, to.domain, rights);
        connection.stamp = fresh_stamp(tx, p.caller());
        TRY(store::insert(tx, connection));
        tx.act(connection_act(p.caller(), "channel.connected", connection));
        return connection;
      });
}

template <class Row, class Id>
Result<store::Write<Row>> change_row_of(const Core& core, Permit<act::ConnectChannel> channel, Id subject,
                                        Rights rights, std::optional<Revision> expected) {
  TRY(check_rights(rights));
  return guarded<Row>(
      core, std::move(channel), [subject, rights, expected](store::Tx& tx, const auto& p) -> Result<Row> {
        TRY(auto connection, require_row<Row>(tx, subject, p.object()));
        TRY(connection,
            change_row(tx, p.caller(), std::move(connection), expected, [&](Row& row) -> Result<void> {
              row.publish = rights.publish;
              row.subscribe = rights.subscribe;
              return {};
            }));
        tx.act(connection_act(p.caller(), "channel.connection_changed", connection));
        return connection;
      });
}

template <class Row, class Id>
Result<store::Write<store::Done>> disconnect_row(const Core& core, Permit<act::ConnectChannel> channel,
                                                 Id subject, std::optional<Revision> expected) {
  return guarded<store::Done>(core, std::move(channel),
                              [subject, expected](store::Tx& tx, const auto& p) -> Result<store::Done> {
                                TRY(const auto connection, require_row<Row>(tx, subject, p.object()));
                                TRY(check_revision(connection.stamp, expected));
                                TRY(store::erase(tx, connection));
                                tx.act(connection_act(p.caller(), "channel.disconnected", connection));
                                return store::Done{};
                              });
}

}  // namespace

Result<void> check_rights(Rights rights) {
  if (rights.publish || rights.subscribe) return {};
  return fail(Code::invalid, "connection.actions", "A connection is for publishing, subscribing or both.",
              "actions");
}

Result<store::Write<Connection>> connect(const Core& core, Permit<act::ConnectChannel> channel,
                                         Permit<act::ConnectClient> client, Rights rights) {
  return connect_row<Connection>(core, std::move(channel), std::move(client), rights);
}

Result<store::Write<GroupConnection>> connect(const Core& core, Permit<act::ConnectChannel> channel,
                                              Permit<act::ConnectGroup> group, Rights rights) {
  return connect_row<GroupConnection>(core, std::move(channel), std::move(group), rights);
}

Result<store::Write<Connection>> change_connection(const Core& core, Permit<act::ConnectChannel> channel,
                                                   ClientId client, Rights rights,
                                                   std::optional<Revision> expected) {
  return change_row_of<Connection>(core, std::move(channel), std::move(client), rights, expected);
}

Result<store::Write<GroupConnection>> change_connection(const Core& core, Permit<act::ConnectChannel> channel,
                                                        GroupId group, Rights rights,
                                                        std::optional<Revision> expected) {
  return change_row_of<GroupConnection>(core, std::move(channel), std::move(group), rights, expected);
}

Result<store::Write<store::Done>> disconnect(const Core& core, Permit<act::ConnectChannel> channel,
                                             ClientId client, std::optional<Revision> expected) {
  return disconnect_row<Connection>(core, std::move(channel), std::move(client), expected);
}

Result<store::Write<store::Done>> disconnect(const Core& core, Permit<act::ConnectChannel> channel,
                                             GroupId group, std::optional<Revision> expected) {
  return disconnect_row<GroupConnection>(core, std::move(channel), std::move(group), expected);
}

Result<Page<Connection>> list_connections(store::Read& read, const Permit<act::ReadChannel>& permit,
                                          const ListRequest& request) {
  return list_page<Connection>(read, store::list::connections_of_channel(), request, permit.object());
}

Result<Page<GroupConnection>> list_groups_of_channel(store::Read& read,
                                                     const Permit<act::ReadChannel>& permit,
                                                     const ListRequest& request) {
  return list_page<GroupConnection>(read, store::list::groups_of_channel(), request, permit.object());
}

Result<Page<Connection>> list_connections_of_client(store::Read& read, const Permit<act::ReadClient>& permit,
                                                    const ListRequest& request) {
  return list_page<Connection>(read, store::list::connections_of_client(), request, permit.object());
}

Result<Page<GroupConnection>> list_connections_of_group(store::Read& read,
                                                        const Permit<act::ReadGroup>& permit,
                                                        const ListRequest& request) {
  return list_page<GroupConnection>(read, store::list::connections_of_group(), request, permit.object());
}

}  // namespace allauth::app
