#include "app/directory/bulk_connections.h"

#include "app/directory/change.h"
#include "app/directory/connected.h"

namespace allauth::app {
namespace {

Result<void> check_count(const Ends& ends) {
  const std::size_t pairs = ends.channels.size() * (ends.clients.size() + ends.groups.size());
  if (pairs >= 1 && pairs <= kMaxPairsAtOnce) return {};
  return fail(Code::invalid, "connections.count",
              "Give at least one client or group and one channel, and at most 1000 pairs of them.",
              "client_ids");
}

Result<void> confirm_all(const Core& core, const Ends& ends) {
  for (const auto& channel : ends.channels) TRY(Gate(core).confirm(channel));
  for (const auto& client : ends.clients) TRY(Gate(core).confirm(client));
  for (const auto& group : ends.groups) TRY(Gate(core).confirm(group));
  return {};
}

template <class Row, class Permits>
Result<void> require_in_domain(store::Read& read, const DomainId& domain, const Permits& permits,
                               std::string_view list) {
  for (std::size_t i = 0; i < permits.size(); ++i) {
    TRY(const auto row, in_item(list, i, require_row<Row>(read, permits[i].object())));
    if (row.domain != domain)
      return fail(Code::invalid, "connection.domain",
                  "Clients, groups and channels must live in this domain.", fmt::format("{}[{}]", list, i));
  }
  return {};
}

struct Connect {
  Rights rights;

  template <class Row, class Id>
  Result<void> operator()(store::Tx& tx, const Caller& caller, const Id& subject, const Channel& channel,
                          std::vector<Row>& made) const {
    TRY(auto known, store::find<Row>(tx, subject, channel.id));
    if (known) {
      known->publish = rights.publish;
      known->subscribe = rights.subscribe;
      touch(known->stamp, tx, caller);
      TRY(store::update(tx, *known));
      made.push_back(std::move(*known));
      return {};
    }
    auto row = make_connection<Row>(subject, channel.id, channel.domain, rights);
    row.stamp = fresh_stamp(tx, caller);
    TRY(store::insert(tx, row));
    made.push_back(std::move(row));
    return {};
  }
};

struct Disconnect {
  template <class Row, class Id>
  Result<void> operator()(store::Tx& tx, const Caller&, const Id& subject, const Channel& channel,
                          std::vector<Row>& gone) const {
    TRY(auto known, store::find<Row>(tx, subject, channel.id));
    if (!known) return {};
    TRY(store::erase(tx, *known));
    gone.push_back(std::move(*known));
    return {};
  }
};

// `each(tx, caller, subject, channel, into)` for every pair, in a write that all permits stand for.
template <class Each>
store::Write<Connections> for_all_pairs(const Core& core, Ends given, std::string_view slug, Each each) {
  const auto ends = std::make_shared<const Ends>(std::move(given));
  return {.recheck = [&core, ends] { return confirm_all(core, *ends); },
          .run = [ends, slug, each](store::Tx& tx) -> Result<Connections> {
            TRY(require_in_domain<Channel>(tx, ends->domain, ends->channels, "channel_ids"));
            TRY(require_in_domain<Client>(tx, ends->domain, ends->clients, "client_ids"));
            TRY(require_in_domain<Group>(tx, ends->domain, ends->groups, "group_ids"));
            const Caller& caller = ends->channels.front().caller();
            Connections connections;
            for (const auto& permit : ends->channels) {
              const Channel channel{.id = permit.object(), .domain = ends->domain};
              for (const auto& client : ends->clients)
                TRY(each(tx, caller, client.object(), channel, connections.of_clients));
              for (const auto& group : ends->groups)
                TRY(each(tx, caller, group.object(), channel, connections.of_groups));
            }
            const auto& domain = ends->domain.str();
            tx.act(act_of(caller, slug, kind::domain, domain, domain));
            return connections;
          }};
}

}  // namespace

Result<store::Write<Connections>> connect_all(const Core& core, Ends ends, Rights rights) {
  TRY(check_count(ends));
  TRY(check_rights(rights));
  return for_all_pairs(core, std::move(ends), "domain.connected", Connect{rights});
}

Result<store::Write<Connections>> disconnect_all(const Core& core, Ends ends) {
  TRY(check_count(ends));
  return for_all_pairs(core, std::move(ends), "domain.disconnected", Disconnect{});
}

}  // namespace allauth::app
