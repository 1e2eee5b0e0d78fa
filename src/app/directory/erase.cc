#include "app/directory/erase.h"

#include "app/access/role_grants.h"
#include "app/access/roles.h"
#include "app/directory/change.h"
#include "app/extensions/annotations.h"
#include "app/identity/credentials.h"
#include "store/lookups.h"

namespace allauth::app {
namespace {

constexpr std::size_t kPage = 500;

// Erases page by page: what was erased is in no further page. `select(last)` answers those after it.
template <class Select, class Erase>
Result<void> drain(Select select, Erase erase) {
  std::string last;
  while (true) {
    TRY(const auto rows, select(last));
    for (const auto& row : rows) TRY(erase(row));
    if (rows.size() < kPage) return {};
    last = rows.back().id.str();
  }
}

Result<void> erase_memberships_of(store::Tx& tx, std::string_view kind, std::string_view id) {
  TRY(const auto memberships, store::select<RoleMember>(tx, store::lookup::kMembershipsOfSubject, kind, id));
  for (const auto& membership : memberships) TRY(store::erase(tx, membership));
  return {};
}

template <class Row, class Id>
Result<void> erase_connections(store::Tx& tx, const sql::Statement& of, const Id& id) {
  TRY(const auto connections, store::select<Row>(tx, of, id));
  for (const auto& connection : connections) TRY(store::erase(tx, connection));
  return {};
}

template <class Row>
Result<void> take_out_of_group(store::Tx& tx, const Caller& caller, Row row) {
  row.group = {};
  touch(row.stamp, tx, caller);
  return store::update(tx, row);
}

std::unexpected<Error> too_large() {
  return fail(Code::conflict, "delete.too_large",
              "There is more in it than one change can delete. Delete some of its clients, channels and "
              "groups first, then try again.",
              "force");
}

// The group and all below it, each before those that lie in it. Error: conflict delete.too_large.
Result<std::vector<Group>> with_groups_below(const Core& core, store::Read& read, const Group& top) {
  std::vector<Group> groups{top};
  std::int64_t content = 0;
  for (std::size_t at = 0; at < groups.size(); ++at) {
    const GroupId parent = groups[at].id;
    TRY(const auto here,
        store::count(read, store::lookup::kCountContentOfGroup, top.domain, parent, core.most_erased + 1));
    TRY(require_erasable(core, content += here));
    TRY(drain(
        [&](const std::string& last) {
          return store::select<Group>(read, store::lookup::kGroupsOfParent, top.domain, parent, last, kPage);
        },
        [&](const Group& group) -> Result<void> {
          groups.push_back(group);
          return {};
        }));
  }
  return groups;
}

Result<void> empty_group(store::Tx& tx, const Caller& caller, const Group& group) {
  TRY(drain(
      [&](const std::string& last) {
        return store::select<Client>(tx, store::lookup::kClientsOfGroup, group.id, last, kPage);
      },
      [&](const Client& client) { return take_out_of_group(tx, caller, client); }));
  return drain(
      [&](const std::string& last) {
        return store::select<Channel>(tx, store::lookup::kChannelsOfGroup, group.id, last, kPage);
      },
      [&](const Channel& channel) { return take_out_of_group(tx, caller, channel); });
}

Result<void> erase_one_group(store::Tx& tx, const Caller& caller, const Group& group) {
  TRY(take_grants_on(tx, caller, kind::group, group.id.str()));
  TRY(erase_connections<GroupConnection>(tx, store::lookup::kConnectionsOfGroup, group.id));
  TRY(erase_roles_on(tx, kind::group, group.id.str()));
  TRY(erase_annotations(tx, {kind::group, group.id.str()}));
  return store::erase(tx, group);
}

}  // namespace

Result<void> erase_roles_on(store::Tx& tx, std::string_view kind, std::string_view id) {
  TRY(auto roles, store::select<Role>(tx, store::lookup::kRolesOfScope, kind, id));
  for (auto& role : roles) TRY(erase_role(tx, std::move(role)));
  return {};
}

Result<void> erase_client(store::Tx& tx, const Caller& caller, const Client& client) {
  TRY(take_grants_on(tx, caller, kind::client, client.id.str()));
  TRY(erase_connections<Connection>(tx, store::lookup::kConnectionsOfClient, client.id));
  TRY(auto keys, credentials_of(tx, kind::client, client.id.str()));
  for (auto& key : keys) TRY(erase_credential(tx, std::move(key)));
  TRY(erase_memberships_of(tx, kind::client, client.id.str()));
  TRY(erase_roles_on(tx, kind::client, client.id.str()));
  TRY(erase_annotations(tx, {kind::client, client.id.str()}));
  return store::erase(tx, client);
}

Result<void> erase_channel(store::Tx& tx, const Caller& caller, const Channel& channel) {
  TRY(take_grants_on(tx, caller, kind::channel, channel.id.str()));
  TRY(erase_connections<Connection>(tx, store::lookup::kConnectionsOfChannel, channel.id));
  TRY(erase_connections<GroupConnection>(tx, store::lookup::kGroupConnectionsOfChannel, channel.id));
  TRY(erase_roles_on(tx, kind::channel, channel.id.str()));
  TRY(erase_annotations(tx, {kind::channel, channel.id.str()}));
  return store::erase(tx, channel);
}

Result<void> erase_group(const Core& core, store::Tx& tx, const Caller& caller, const Group& group) {
  TRY(const auto groups, with_groups_below(core, tx, group));
  for (auto at = groups.rbegin(); at != groups.rend(); ++at) {
    TRY(empty_group(tx, caller, *at));
    TRY(erase_one_group(tx, caller, *at));
  }
  tx.takes_rights();
  return {};
}

Result<void> erase_content(store::Tx& tx, const Caller& caller, const DomainId& domain) {
  TRY(drain(
      [&](const std::string& last) {
        return store::select<Client>(tx, store::lookup::kClientsOfDomain, domain, last, kPage);
      },
      [&](const Client& client) { return erase_client(tx, caller, client); }));
  TRY(drain(
      [&](const std::string& last) {
        return store::select<Channel>(tx, store::lookup::kChannelsOfDomain, domain, last, kPage);
      },
      [&](const Channel& channel) { return erase_channel(tx, caller, channel); }));
  return drain(
      [&](const std::string& last) {
        return store::select<Group>(tx, store::lookup::kGroupsOfDomain, domain, last, kPage);
      },
      [&](const Group& group) { return erase_one_group(tx, caller, group); });
}

Result<void> require_force(const Core& core, const Caller& caller, policy::ObjectRef object,
                           std::span<const std::string_view> permissions) {
  for (const auto permission : permissions)
    if (!Gate(core).allows(caller, permission, object))
      return fail(Code::denied, "force.denied",
                  fmt::format("Deleting this {} with all that is in it takes the permission {} on it, too.",
                              object.kind, permission),
                  "force");
  return {};
}

Result<void> require_erasable(const Core& core, std::int64_t things) {
  if (things > core.most_erased) return too_large();
  return {};
}

Result<void> explain_size(Result<void> erased) {
  if (!erased && erased.error().reason == Reason("row.too_large")) return too_large();
  return erased;
}

}  // namespace allauth::app
