// Several things at once, and what a user or client belongs to.
#include <algorithm>

#include <gtest/gtest.h>

#include "app/directory/bulk_connections.h"
#include "app/directory/clients.h"
#include "app/directory/members.h"
#include "app/test_world.h"

namespace allauth::app {
namespace {

class Bulk : public ::testing::Test {
 protected:
  Result<std::vector<Member>> try_add(std::vector<NewMember> members, const Caller& who) {
    return world.try_run(
        add_members(*world.core, world.permit<act::ManageMembers>(who, domain.id), std::move(members)));
  }
  Result<std::vector<CreatedClient>> try_create(std::vector<NewClient> clients) {
    return world.try_run(create_clients(*world.core, world.permit<act::CreateClient>(world.admin, domain.id),
                                        std::move(clients)));
  }
  static NewClient client(std::optional<std::string> id) {
    NewClient made{.common = {.name = "client"}};
    if (id) made.id = ClientId::trusted(*id);
    return made;
  }
  template <class Fn>
  auto read(Fn fn) {
    return must(world.store->read([&](store::Read& read) { return fn(read); }));
  }
  std::size_t members() {
    return read([&](store::Read& read) {
             return list_members(read, world.permit<act::ReadMembers>(world.admin, domain.id), {});
           })
        .items.size();
  }

  TestWorld world;
  Domain domain = world.make_domain("plant");
  User ada = world.make_user("ada");
  User bob = world.make_user("bob");
};

TEST_F(Bulk, MembersAreAddedInOrderByOneEntryOfTheLog) {
  const auto before = must(world.store->revision());
  const auto added = must(try_add({{bob.id, DomainRole::admin}, {ada.id, DomainRole::member}}, world.admin));
  ASSERT_EQ(added.size(), 2U);
  EXPECT_EQ(added[0].user, bob.id);
  EXPECT_EQ(added[0].role, DomainRole::admin);
  EXPECT_EQ(added[1].user, ada.id);
  EXPECT_EQ(to_number(must(world.store->revision())), to_number(before) + 1);
  EXPECT_TRUE(world.may(world.caller(ada.id), "can_read", kind::domain, domain.id.str()));
}

TEST_F(Bulk, MembersAreAddedAllOrNone) {
  const auto before = members();
  const auto twice = try_add({{ada.id}, {ada.id}}, world.admin);
  EXPECT_EQ(twice.error().reason, Reason("member.exists"));
  EXPECT_EQ(twice.error().field, "members[1].user_id");
  const auto unknown = try_add({{ada.id}, {bob.id}, {UserId::trusted("nobody")}}, world.admin);
  EXPECT_EQ(unknown.error().reason, Reason("user.missing"));
  EXPECT_EQ(unknown.error().field, "members[2].user_id");
  EXPECT_EQ(try_add({}, world.admin).error().reason, Reason("members.count"));
  EXPECT_EQ(try_add(std::vector<NewMember>(101, {ada.id}), world.admin).error().reason,
            Reason("members.count"));
  EXPECT_EQ(members(), before);
}

TEST_F(Bulk, OwnersAreNamedByThoseWhoMayOnly) {
  world.join(domain.id, bob.id, DomainRole::admin);
  EXPECT_EQ(try_add({{ada.id, DomainRole::owner}}, world.caller(bob.id)).error().reason,
            Reason("member.owner"));
  EXPECT_TRUE(try_add({{ada.id, DomainRole::member}}, world.caller(bob.id)));
}

TEST_F(Bulk, ClientsAreMadeAllOrNoneEachWithAKeyOfItsOwn) {
  std::vector<NewClient> clients;
  clients.push_back(client("pump-1"));
  clients.push_back(client({}));
  const auto made = must(try_create(std::move(clients)));
  ASSERT_EQ(made.size(), 2U);
  EXPECT_EQ(made[0].client.id.str(), "pump-1");
  for (const auto& one : made)
    EXPECT_NE(world.hub.view()->find_key(world.digests.client_key(one.client.id.str(), one.key.key)),
              nullptr);

  std::vector<NewClient> clash;
  clash.push_back(client("pump-2"));
  clash.push_back(client("pump-1"));
  const auto refused = try_create(std::move(clash));
  EXPECT_EQ(refused.error().reason, Reason("client.exists"));
  EXPECT_EQ(refused.error().field, "clients[1].client_id");
  EXPECT_FALSE(world.hub.view()->thing(kind::client, "pump-2").exists());
  EXPECT_EQ(try_create({}).error().reason, Reason("clients.count"));
  EXPECT_EQ(try_create(std::vector<NewClient>(101)).error().reason, Reason("clients.count"));
}

TEST_F(Bulk, AUsersDomainsAreNamedToThoseWhoMayReadThem) {
  const Domain other = world.make_domain("other");
  world.join(domain.id, ada.id, DomainRole::member);
  world.join(other.id, ada.id, DomainRole::owner);
  world.give(world.make_role(kind::platform, "main", {"user_read"}), kind::user, bob.id.str());
  const auto seen_by = [&](const Caller& who, const ListRequest& page) {
    return read([&](store::Read& read) {
      return list_memberships(*world.core, read, world.permit<act::ReadUser>(who, ada.id), page);
    });
  };
  const auto own = seen_by(world.caller(ada.id), {});
  ASSERT_EQ(own.items.size(), 2U);
  for (const auto& membership : own.items) {
    const bool in_other = membership.member.domain == other.id;
    EXPECT_EQ(membership.member.role, in_other ? DomainRole::owner : DomainRole::member);
    EXPECT_EQ(membership.domain_name, in_other ? "other" : "plant");
  }
  const auto first = seen_by(world.caller(bob.id), {.size = 1});
  ASSERT_EQ(first.items.size(), 1U);
  EXPECT_EQ(first.items[0].domain_name, "");
  const auto rest = seen_by(world.caller(bob.id), {.size = 1, .token = first.next_token});
  ASSERT_EQ(rest.items.size(), 1U);
  EXPECT_EQ(first.items[0].member.domain, own.items[0].member.domain);
  EXPECT_EQ(rest.items[0].member.domain, own.items[1].member.domain);
  EXPECT_EQ(rest.next_token, "");
}

TEST_F(Bulk, RolesOfAUserAreShownAsFarAsTheCallerMaySeeThem) {
  world.join(domain.id, ada.id, DomainRole::member);
  const Role role = world.make_role(kind::domain, domain.id.str(), {"client_read"}, "readers");
  const auto until = world.clock.now() + Seconds(60);
  world.give(role, kind::user, ada.id.str(), until);
  const auto seen_by = [&](const Caller& who) {
    return read([&](store::Read& read) {
             return list_held_roles(*world.core, read, world.permit<act::ReadUser>(who, ada.id), {});
           })
        .items;
  };
  const auto own = seen_by(world.caller(ada.id));
  ASSERT_EQ(own.size(), 2U);
  const auto readers = std::ranges::find(own, role.id, [](const HeldRole& held) { return held.role.id; });
  ASSERT_NE(readers, own.end());
  EXPECT_EQ(readers->role.name, "readers");
  EXPECT_EQ(readers->membership.expires_at, until);
  EXPECT_EQ(seen_by(world.admin).size(), 2U);
  world.give(world.make_role(kind::platform, "main", {"user_read"}), kind::user, bob.id.str());
  EXPECT_TRUE(seen_by(world.caller(bob.id)).empty()) << "who sees users does not see the roles of domains";
}

TEST_F(Bulk, RolesOfAClientAreShownToThoseWhoMayReadIt) {
  const auto client = world.make_client(domain.id).client.id;
  world.give(world.make_role(kind::domain, domain.id.str(), {"client_read"}, "readers"), kind::client,
             client.str());
  const auto held = read([&](store::Read& read) {
    return list_held_roles(*world.core, read, world.permit<act::ReadClient>(world.admin, client), {});
  });
  ASSERT_EQ(held.items.size(), 1U);
  EXPECT_EQ(held.items[0].role.name, "readers");
}

class BulkConnections : public Bulk {
 protected:
  Ends ends(const Caller& who, const std::vector<ClientId>& clients, const std::vector<ChannelId>& channels) {
    Ends made{.domain = domain.id};
    for (const auto& id : channels) made.channels.push_back(world.permit<act::ConnectChannel>(who, id));
    for (const auto& id : clients) made.clients.push_back(world.permit<act::ConnectClient>(who, id));
    return made;
  }
  bool may(const ClientId& client, std::string_view permission, const ChannelId& channel) {
    const Caller caller{{.principal = {PrincipalKind::client, client.str()}}, "r"};
    const auto& snapshot = *world.hub.view();
    return must(world.core->engine.check(snapshot.graph(), 1,
                                         {.subject = caller.who.principal.subject(),
                                          .permission = permission,
                                          .object = {kind::channel, channel.str()}}))
        .allowed();
  }

  ClientId pump = world.make_client(domain.id).client.id, lamp = world.make_client(domain.id).client.id;
  ChannelId temps = world.make_channel(domain.id, "temps").id,
            light = world.make_channel(domain.id, "light").id;
};

TEST_F(BulkConnections, ReplaceTheRightsOfThoseThatAreThere) {
  world.make_connection(pump, temps, {.publish = true});
  const auto made = must(world.try_run(
      connect_all(*world.core, ends(world.admin, {pump, lamp}, {temps, light}), {.subscribe = true})));
  EXPECT_EQ(made.of_clients.size(), 4U);
  for (const auto& client : {pump, lamp})
    for (const auto& channel : {temps, light}) {
      EXPECT_TRUE(may(client, "can_subscribe", channel));
      EXPECT_FALSE(may(client, "can_publish", channel));
    }
  const auto gone =
      must(world.try_run(disconnect_all(*world.core, ends(world.admin, {pump, lamp}, {temps}))));
  EXPECT_EQ(gone.of_clients.size(), 2U);
  EXPECT_FALSE(may(lamp, "can_subscribe", temps));
  EXPECT_TRUE(may(lamp, "can_subscribe", light));
  EXPECT_TRUE(must(world.try_run(disconnect_all(*world.core, ends(world.admin, {pump}, {temps}))))
                  .of_clients.empty());
}

TEST_F(BulkConnections, ConnectGroupsBesideClients) {
  const auto hall = world.make_group(domain.id, "hall").id;
  const auto both = [&] {
    auto made = ends(world.admin, {lamp}, {temps, light});
    made.groups.push_back(world.permit<act::ConnectGroup>(world.admin, hall));
    return made;
  };
  world.put_client(must(world.store->read([&](store::Read& read) {
                     return get_client(read, world.permit<act::ReadClient>(world.admin, pump));
                   })),
                   hall);
  for (const auto rights : {Rights{.publish = true}, Rights{.subscribe = true}}) {
    const auto made = must(world.try_run(connect_all(*world.core, both(), rights)));
    EXPECT_EQ(made.of_clients.size(), 2U);
    EXPECT_EQ(made.of_groups.size(), 2U);
    for (const auto& client : {pump, lamp}) {
      EXPECT_EQ(may(client, "can_publish", light), rights.publish);
      EXPECT_EQ(may(client, "can_subscribe", light), rights.subscribe);
    }
  }
  const auto gone = must(world.try_run(disconnect_all(*world.core, both())));
  EXPECT_EQ(gone.of_groups.size(), 2U);
  EXPECT_FALSE(may(pump, "can_subscribe", temps));
}

TEST_F(BulkConnections, AreMadeAllOrNone) {
  const Domain other = world.make_domain("other");
  const auto stranger = world.make_client(other.id).client.id;
  const auto refused = world.try_run(
      connect_all(*world.core, ends(world.admin, {pump, stranger}, {temps}), {.publish = true}));
  EXPECT_EQ(refused.error().reason, Reason("connection.domain"));
  EXPECT_EQ(refused.error().field, "client_ids[1]");
  EXPECT_FALSE(may(pump, "can_publish", temps));
  EXPECT_EQ(connect_all(*world.core, ends(world.admin, {}, {temps}), {.publish = true}).error().reason,
            Reason("connections.count"));
  EXPECT_EQ(connect_all(*world.core, ends(world.admin, {pump}, {temps}), {}).error().reason,
            Reason("connection.actions"));
}

TEST_F(BulkConnections, TakeTheRightsStillWhenTheyAreMade) {
  world.join(domain.id, ada.id, DomainRole::admin);
  auto write = connect_all(*world.core, ends(world.caller(ada.id), {pump}, {temps}), {.publish = true});
  world.run(remove_member(*world.core, world.permit<act::ManageMembers>(world.admin, domain.id), ada.id, {}));
  EXPECT_FALSE(world.try_run(std::move(write)));
  EXPECT_FALSE(may(pump, "can_publish", temps));
}

}  // namespace
}  // namespace allauth::app
