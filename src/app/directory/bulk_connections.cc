#include "app/directory/bulk_connections.h"

#include "app/directory/change.h"

namespace allauth::app {
namespace {

using Connections = std::vector<Connection>;

Result<void> check_count(const Ends& ends) {
  const std::size_t pairs = ends.channels.size() * ends.clients.size();
  if (pairs >= 1 && pairs <= kMaxPairsAtOnce) return {};
  return fail(Code::invalid, "connections.count",
              "Give at least one client and one channel, and at most 1000 pairs of them.", "client_ids");
}

Result<void> confirm_all(const Core& core, const Ends& ends) {
  for (const auto& channel : ends.channels) TRY(Gate(core).confirm(channel));
  for (const auto& client : ends.clients) TRY(Gate(core).confirm(client));
  return {};
}

template <class Row, class Permits>
Result<void> require_in_domain(store::Read& read, const DomainId& domain, const Permits& permits,
                               std::string_view list) {
  for (std::size_t i = 0; i < permits.size(); ++i) {
    TRY(const auto row, in_item(list, i, require_row<Row>(read, permits[i].object())));
    if (row.domain != domain)
      return fail(Code::invalid, "connection.domain", "Clients and channels must live in this domain.",
                  fmt::format("{}[{}]", list, i));
  }
  return {};
}

Result<Connection> put_connection(store::Tx& tx, const Caller& caller, Connection connection) {
  TRY(auto known, store::find<Connection>(tx, connection.client, connection.channel));
  if (!known) {
    connection.stamp = fresh_stamp(tx, caller);
    TRY(store::insert(tx, connection));
    return connection;
  }
  known->publish = connection.publish;
  known->subscribe = connection.subscribe;
  touch(known->stamp, tx, caller);
  TRY(store::update(tx, *known));
  return std::move(*known);
}

// `each(tx, caller, client, channel, into)` for every pair, in a write that all permits stand for.
template <class Each>
store::Write<Connections> for_all_pairs(const Core& core, Ends given, std::string_view slug, Each each) {
  const auto ends = std::make_shared<const Ends>(std::move(given));
  return {.recheck = [&core, ends] { return confirm_all(core, *ends); },
          .run = [ends, slug, each](store::Tx& tx) -> Result<Connections> {
            TRY(require_in_domain<Channel>(tx, ends->domain, ends->channels, "channel_ids"));
            TRY(require_in_domain<Client>(tx, ends->domain, ends->clients, "client_ids"));
            const Caller& caller = ends->channels.front().caller();
            Connections connections;
            for (const auto& channel : ends->channels)
              for (const auto& client : ends->clients)
                TRY(each(tx, caller, client.object(), channel.object(), connections));
            const auto& domain = ends->domain.str();
            tx.act(act_of(caller, slug, kind::domain, domain, domain));
            return connections;
          }};
}

}  // namespace

Result<store::Write<Connections>> connect_all(const Core& core, Ends ends, Rights rights) {
  TRY(check_count(ends));
  TRY(check_rights(rights));
  const DomainId domain = ends.domain;
  return for_all_pairs(core, std::move(ends), "domain.connected",
                       [domain, rights](store::Tx& tx, const Caller& caller, const ClientId& client,
                                        const ChannelId& channel, Connections& made) -> Result<void> {
                         TRY(auto connection, put_connection(tx, caller,
                                                             {.client = client,
                                                              .channel = channel,
                                                              .domain = domain,
                                                              .publish = rights.publish,
                                                              .subscribe = rights.subscribe}));
                         made.push_back(std::move(connection));
                         return {};
                       });
}

Result<store::Write<Connections>> disconnect_all(const Core& core, Ends ends) {
  TRY(check_count(ends));
  return for_all_pairs(core, std::move(ends), "domain.disconnected",
                       [](store::Tx& tx, const Caller&, const ClientId& client, const ChannelId& channel,
                          Connections& gone) -> Result<void> {
                         TRY(auto known, store::find<Connection>(tx, client, channel));
                         if (!known) return {};
                         TRY(store::erase(tx, *known));
                         gone.push_back(std::move(*known));
                         return {};
                       });
}

}  // namespace allauth::app
