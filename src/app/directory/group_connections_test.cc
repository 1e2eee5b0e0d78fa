// What a group that is connected to a channel lets the clients in it do, whatever becomes of the group.
#include <gtest/gtest.h>

#include "app/access/questions.h"
#include "app/directory/groups.h"
#include "app/test_world.h"

namespace allauth::app {
namespace {

class GroupConnections : public ::testing::Test {
 protected:
  GroupConnections() {
    world.put_client(lamp, line.id);
    connect_hall({.publish = true});
  }

  template <class T>
  static Reason reason(const Result<T>& result) {
    return result ? Reason("none") : result.error().reason;
  }
  void connect_hall(Rights rights) {
    world.run(connect(*world.core, world.permit<act::ConnectChannel>(world.admin, temps.id),
                      world.permit<act::ConnectGroup>(world.admin, hall.id), rights));
  }
  void set_status(const Group& group, Status status) {
    world.run(
        set_group_status(*world.core, world.permit<act::UpdateGroup>(world.admin, group.id), status, {}));
  }
  void erase(const Group& group) {
    world.run(delete_group(*world.core, world.permit<act::DeleteGroup>(world.admin, group.id),
                           Deletion::forced, {}));
  }
  bool may(std::string_view permission) {
    return must(check(*world.core, world.admin,
                      {.subject = policy::SubjectRef{{kind::client, lamp.id.str()}},
                       .permission = permission,
                       .object = {kind::channel, temps.id.str()}}))
        .allowed;
  }
  std::size_t connections_of(const ChannelId& channel) {
    return must(world.store->read([&](store::Read& read) {
             return list_groups_of_channel(read, world.permit<act::ReadChannel>(world.admin, channel), {});
           }))
        .items.size();
  }

  TestWorld world;
  Domain domain = world.make_domain("plant");
  Channel temps = world.make_channel(domain.id, "temps");
  Group hall = world.make_group(domain.id, "hall"), line = world.make_group(domain.id, "line", hall.id);
  Client lamp = world.make_client(domain.id).client;
};

TEST_F(GroupConnections, HoldForClientsInTheGroupsBelow) {
  EXPECT_TRUE(may("publish"));
  EXPECT_FALSE(may("subscribe"));
  const auto moved = [&](const GroupId& to) {
    world.put_client(lamp, to);
    return may("publish");
  };
  EXPECT_FALSE(moved({}));
  EXPECT_TRUE(moved(hall.id));
  EXPECT_FALSE(moved(world.make_group(domain.id, "yard").id));
  EXPECT_TRUE(moved(line.id));
}

TEST_F(GroupConnections, EndAtADisabledGroup) {
  for (const auto& group : {hall, line}) {
    set_status(group, Status::disabled);
    EXPECT_FALSE(may("publish")) << group.name;
    set_status(group, Status::enabled);
    EXPECT_TRUE(may("publish")) << group.name;
  }
}

TEST_F(GroupConnections, GoWhereTheGroupGoes) {
  const auto yard = world.make_group(domain.id, "yard");
  world.put_group(line, yard.id);
  EXPECT_FALSE(may("publish"));
  set_status(line, Status::disabled);
  world.put_group(line, hall.id);
  EXPECT_FALSE(may("publish")) << "it comes back disabled";
  set_status(line, Status::enabled);
  EXPECT_TRUE(may("publish"));
}

TEST_F(GroupConnections, AreChangedAndTakenAway) {
  const auto permit = [&] { return world.permit<act::ConnectChannel>(world.admin, temps.id); };
  world.run(change_connection(*world.core, permit(), hall.id, {.subscribe = true}, {}));
  EXPECT_FALSE(may("publish"));
  EXPECT_TRUE(may("subscribe"));
  EXPECT_EQ(reason(world.try_run(disconnect(*world.core, permit(), line.id, {}))), Reason("object.missing"));
  EXPECT_EQ(reason(world.try_run(disconnect(*world.core, permit(), lamp.id, {}))), Reason("object.missing"));
  world.run(disconnect(*world.core, permit(), hall.id, {}));
  EXPECT_FALSE(may("subscribe"));
}

TEST_F(GroupConnections, AreMadeOnceAndInOneDomain) {
  const auto try_connect = [&](const ChannelId& channel, Rights rights) {
    return reason(world.try_run(connect(*world.core, world.permit<act::ConnectChannel>(world.admin, channel),
                                        world.permit<act::ConnectGroup>(world.admin, hall.id), rights)));
  };
  EXPECT_EQ(try_connect(temps.id, {.subscribe = true}), Reason("connection.exists"));
  EXPECT_EQ(try_connect(temps.id, {}), Reason("connection.actions"));
  const auto far = world.make_channel(world.make_domain("far").id, "far").id;
  EXPECT_EQ(try_connect(far, {.publish = true}), Reason("connection.domain"));
}

TEST_F(GroupConnections, GoWithTheGroupAndWithTheChannel) {
  const auto light = world.make_channel(domain.id, "light").id;
  world.run(connect(*world.core, world.permit<act::ConnectChannel>(world.admin, light),
                    world.permit<act::ConnectGroup>(world.admin, line.id), {.publish = true}));
  world.run(delete_channel(*world.core, world.permit<act::DeleteChannel>(world.admin, temps.id), {}));
  EXPECT_EQ(must(world.store->read([&](store::Read& read) {
              return list_connections_of_group(read, world.permit<act::ReadGroup>(world.admin, hall.id), {});
            })).items.size(),
            0U);
  EXPECT_EQ(connections_of(light), 1U);
  erase(hall);
  EXPECT_EQ(connections_of(light), 0U) << "that of the group below";
}

// Whoever may connect the clients of a group may connect the group; the channel takes its own right.
TEST_F(GroupConnections, TakeTheRightToConnectAllClientsInTheGroup) {
  const auto user = world.make_user("fitter");
  const auto fitter = world.caller(user.id);
  const auto role = world.make_role(kind::group, line.id.str(), {"client_connect"});
  world.give(role, kind::user, user.id.str());
  EXPECT_TRUE(Gate(*world.core).require<act::ConnectGroup>(fitter, line.id));
  EXPECT_FALSE(Gate(*world.core).require<act::ConnectGroup>(fitter, hall.id));
  EXPECT_FALSE(Gate(*world.core).require<act::ConnectChannel>(fitter, temps.id));
  const auto one = world.make_role(kind::client, lamp.id.str(), {"connect"}, "one");
  const auto other = world.make_user("other");
  world.give(one, kind::user, other.id.str());
  EXPECT_TRUE(Gate(*world.core).require<act::ConnectClient>(world.caller(other.id), lamp.id));
  EXPECT_FALSE(Gate(*world.core).require<act::ConnectGroup>(world.caller(other.id), line.id));
}

}  // namespace
}  // namespace allauth::app
