#include "app/directory/groups.h"

#include <gtest/gtest.h>

#include "app/test_world.h"
#include "store/lookups.h"
#include "store/rows.h"

namespace allauth::app {
namespace {

class Groups : public ::testing::Test {
 protected:
  template <class T>
  static Reason reason(const Result<T>& result) {
    return result ? Reason("none") : result.error().reason;
  }
  Reason try_create(const std::string& name, const GroupId& parent, const DomainId& in) {
    return reason(world.try_run(
        create_group(*world.core, world.permit<act::CreateGroup>(world.admin, Container(in, parent)),
                     {.common = {.name = name}})));
  }
  Reason try_move(const Group& group, const GroupId& parent) {
    return reason(world.try_run(
        move_group(*world.core, world.permit<act::MoveGroup>(world.admin, group.id),
                   world.permit<act::CreateGroup>(world.admin, Container(domain.id, parent)), {})));
  }
  Reason try_delete(const Caller& who, const Group& group, Deletion how) {
    return reason(
        world.try_run(delete_group(*world.core, world.permit<act::DeleteGroup>(who, group.id), how, {})));
  }
  std::vector<std::string> path(const Caller& who, const Group& group) {
    const auto placed = must(world.store->read([&](store::Read& read) {
      return get_group(*world.core, read, world.permit<act::ReadGroup>(who, group.id));
    }));
    std::vector<std::string> names;
    for (const auto& step : placed.path) names.push_back(step.name);
    return names;
  }
  GroupTree tree(const Group& group, std::size_t depth) {
    return must(world.store->read([&](store::Read& read) {
      return read_tree(*world.core, read, world.permit<act::ListGroupsBelow>(world.admin, group.id), depth);
    }));
  }
  void set_status(const Group& group, Status status) {
    world.run(
        set_group_status(*world.core, world.permit<act::UpdateGroup>(world.admin, group.id), status, {}));
  }
  Caller with_role(std::string_view kind, const std::string& id, std::vector<std::string> actions) {
    const auto name = fmt::format("user{}", ++users_);
    const auto user = world.make_user(name);
    world.give(world.make_role(kind, id, std::move(actions), name), kind::user, user.id.str());
    return world.caller(user.id);
  }

  TestWorld world;
  Domain domain = world.make_domain("plant");
  int users_ = 0;
};

using Names = std::vector<std::string>;

TEST_F(Groups, HaveNamesOfTheirOwnBesideTheirSiblings) {
  const auto hall = world.make_group(domain.id, "hall");
  EXPECT_EQ(try_create("hall", {}, domain.id), Reason("name.taken"));
  const auto inner = world.make_group(domain.id, "hall", hall.id);
  EXPECT_EQ(try_move(inner, {}), Reason("name.taken"));
  const auto attic = world.make_group(domain.id, "attic");
  const auto rename = [&](std::string name) {
    return reason(
        world.try_run(update_group(*world.core, world.permit<act::UpdateGroup>(world.admin, attic.id),
                                   {.common = {.name = std::move(name)}}, {})));
  };
  EXPECT_EQ(rename("hall"), Reason("name.taken"));
  EXPECT_EQ(rename("attic"), Reason("none"));
  EXPECT_EQ(try_create("hall", {}, world.make_domain("other").id), Reason("none"));
}

TEST_F(Groups, ArePartOfOneTreeWithoutCycles) {
  const auto a = world.make_group(domain.id, "a");
  const auto b = world.make_group(domain.id, "b", a.id);
  const auto c = world.make_group(domain.id, "c", b.id);
  for (const auto* into : {&a, &b, &c}) EXPECT_EQ(try_move(a, into->id), Reason("group.cycle"));
  EXPECT_EQ(try_move(c, a.id), Reason("none"));
  EXPECT_EQ(try_move(b, c.id), Reason("none"));
  EXPECT_EQ(path(world.admin, b), (Names{"a", "c", "b"}));
  const auto other = world.make_group(world.make_domain("other").id, "x");
  EXPECT_EQ(try_create("y", other.id, domain.id), Reason("group.domain"));
  EXPECT_EQ(try_move(a, other.id), Reason("group.domain"));
}

TEST_F(Groups, AreOfBoundedDepthAlsoWhenATreeIsMoved) {
  std::vector<Group> chain{world.make_group(domain.id, "1")};
  for (std::size_t depth = 2; depth <= kMaxGroupDepth; ++depth)
    chain.push_back(world.make_group(domain.id, fmt::format("{}", depth), chain.back().id));
  EXPECT_EQ(try_create("deeper", chain.back().id, domain.id), Reason("group.depth"));
  EXPECT_EQ(path(world.admin, chain.back()).size(), kMaxGroupDepth);
  const auto top = world.make_group(domain.id, "top");
  EXPECT_EQ(try_move(chain.front(), top.id), Reason("group.depth"));
  EXPECT_EQ(try_move(chain[1], top.id), Reason("none"));
  EXPECT_EQ(try_move(top, chain.front().id), Reason("group.depth"));
}

TEST_F(Groups, HaveAPathThatFollowsNamesAndMoves) {
  const auto a = world.make_group(domain.id, "a");
  const auto b = world.make_group(domain.id, "b", a.id);
  const auto c = world.make_group(domain.id, "c", b.id);
  EXPECT_EQ(path(world.admin, c), (Names{"a", "b", "c"}));
  world.run(update_group(*world.core, world.permit<act::UpdateGroup>(world.admin, a.id),
                         {.common = {.name = "A/1"}}, {}));
  EXPECT_EQ(path(world.admin, c), (Names{"A/1", "b", "c"}));
  world.put_group(b, {});
  EXPECT_EQ(path(world.admin, c), (Names{"b", "c"}));
  // Whoever may not read what is above does not learn its name.
  world.put_group(b, a.id);
  EXPECT_EQ(path(with_role(kind::group, c.id.str(), {"read"}), c), (Names{"c"}));
  EXPECT_EQ(path(with_role(kind::group, b.id.str(), {"read", "group_read"}), c), (Names{"b", "c"}));
}

TEST_F(Groups, AreReadLevelByLevelAndWithinBounds) {
  const auto top = world.make_group(domain.id, "top");
  std::vector<GroupId> level{top.id};
  for (int depth = 0; depth < 3; ++depth) {
    std::vector<GroupId> next;
    for (const auto& parent : level)
      for (const auto* name : {"l", "r"}) next.push_back(world.make_group(domain.id, name, parent).id);
    level = next;
  }
  EXPECT_EQ(tree(top, 1).groups.size(), 2u);
  EXPECT_EQ(tree(top, 2).groups.size(), 6u);
  const auto whole = tree(top, kMaxGroupDepth);
  EXPECT_TRUE(whole.complete);
  ASSERT_EQ(whole.groups.size(), 14u);
  for (std::size_t i = 0; i < 14; ++i) EXPECT_EQ(whole.groups[i].path.size(), i < 2 ? 2u : i < 6 ? 3u : 4u);
}

TEST_F(Groups, TakeClientsAndChannelsOfTheirDomainOnly) {
  const auto hall = world.make_group(domain.id, "hall");
  const auto far = world.make_group(world.make_domain("other").id, "far");
  const auto client = world.make_client(domain.id).client;
  const auto into = [&](const GroupId& group) {
    return reason(
        world.try_run(move_client(*world.core, world.permit<act::MoveClient>(world.admin, client.id),
                                  world.permit<act::CreateClient>(
                                      world.admin, destination(*world.core, kind::client, client.id, group)),
                                  {})));
  };
  EXPECT_EQ(into(far.id), Reason("group.domain"));
  EXPECT_EQ(into(hall.id), Reason("none"));
  const auto in_hall = [&] {
    return must(world.store->read([&](store::Read& read) {
             return list_clients_of_group(read, world.permit<act::ListGroupClients>(world.admin, hall.id),
                                          {});
           }))
        .items.size();
  };
  EXPECT_EQ(in_hall(), 1u);
  EXPECT_EQ(into({}), Reason("none"));
  EXPECT_EQ(in_hall(), 0u);
  const auto make = [&](const Container& where) {
    return reason(world.try_run(create_client(
        *world.core, world.permit<act::CreateClient>(world.admin, where), {.common = {.name = "c"}})));
  };
  EXPECT_EQ(make(Container(domain.id, hall.id)), Reason("none"));
  EXPECT_EQ(make(Container(domain.id, far.id)), Reason("group.domain"));
  EXPECT_EQ(in_hall(), 1u);
}

TEST_F(Groups, MovingTakesRightsOnTheThingAndWhereItGoes) {
  const auto from = world.make_group(domain.id, "from");
  const auto to = world.make_group(domain.id, "to");
  const auto client = world.make_client(domain.id).client;
  world.put_client(client, from.id);
  const Gate gate(*world.core);
  const auto mover = with_role(kind::group, from.id.str(), {"client_read", "client_move"});
  EXPECT_TRUE(gate.require<act::MoveClient>(mover, client.id));
  EXPECT_FALSE(gate.require<act::CreateClient>(mover, Container(domain.id, to.id)));
  EXPECT_FALSE(gate.require<act::CreateClient>(mover, Container(domain.id)));
  const auto maker = with_role(kind::group, to.id.str(), {"client_create"});
  EXPECT_FALSE(gate.require<act::MoveClient>(maker, client.id));
  EXPECT_TRUE(gate.require<act::CreateClient>(maker, Container(domain.id, to.id)));
}

TEST_F(Groups, PassOnWhatIsGrantedOnThemAndNothingWhileDisabled) {
  const auto hall = world.make_group(domain.id, "hall");
  const auto line = world.make_group(domain.id, "line", hall.id);
  const auto client = world.make_client(domain.id).client;
  world.put_client(client, line.id);
  const auto above = with_role(kind::group, hall.id.str(), {"client_update", "group_update"});
  const auto here = with_role(kind::group, line.id.str(), {"client_update", "update"});
  const auto may = [&](const Caller& who) {
    return world.may(who, "can_update", kind::client, client.id.str());
  };
  const auto rules = [&](const Caller& who) {
    return world.may(who, "can_update", kind::group, line.id.str());
  };
  EXPECT_TRUE(may(above) && may(here) && rules(above) && rules(here));
  set_status(line, Status::disabled);
  EXPECT_FALSE(may(above) || may(here) || rules(here));
  EXPECT_TRUE(rules(above)) << "who is to enable it again";
  set_status(line, Status::enabled);
  set_status(hall, Status::disabled);
  EXPECT_FALSE(may(above) || rules(above));
  EXPECT_TRUE(may(here) && rules(here));
  // Where a group lies changes with it.
  set_status(hall, Status::enabled);
  world.put_group(line, {});
  EXPECT_FALSE(may(above) || rules(above));
  EXPECT_TRUE(may(here));
  world.put_group(line, hall.id);
  EXPECT_TRUE(may(above));
  world.put_client(client, {});
  EXPECT_FALSE(may(above) || may(here));
}

// Else what was moved out of reach by one write could still be changed by the next one of its batch.
TEST_F(Groups, AMoveIsSeenByTheNextWrite) {
  const auto hall = world.make_group(domain.id, "hall");
  const auto client = world.make_client(domain.id).client;
  world.put_client(client, hall.id);
  const auto who = with_role(kind::group, hall.id.str(), {"client_update", "client_read"});
  auto update =
      must(update_client(*world.core, world.permit<act::UpdateClient>(who, client.id), {.name = "x"}, {}));
  auto move = must(move_client(*world.core, world.permit<act::MoveClient>(world.admin, client.id),
                               world.permit<act::CreateClient>(world.admin, Container(domain.id)), {}));
  std::promise<void> queued;
  move.run = [run = std::move(move.run), ready = queued.get_future().share()](store::Tx& tx) {
    ready.wait();  // until the update waits behind it
    return run(tx);
  };
  std::promise<Reason> answer;
  world.store->submit<Client>(std::move(move), [](auto) {});
  world.store->submit<Client>(std::move(update), [&](Result<store::Committed<Client>> done) {
    answer.set_value(done ? Reason("none") : done.error().reason);
  });
  queued.set_value();
  EXPECT_EQ(answer.get_future().get(), Reason("object.missing"));
}

TEST_F(Groups, AreDeletedOnlyWhenEmptyUnlessForced) {
  const auto hall = world.make_group(domain.id, "hall");
  const auto line = world.make_group(domain.id, "line", hall.id);
  const auto client = world.make_client(domain.id).client;
  const auto channel = world.make_channel(domain.id, "temps");
  EXPECT_EQ(try_delete(world.admin, hall, Deletion::if_empty), Reason("group.not_empty"));
  world.put_client(client, line.id);
  EXPECT_EQ(try_delete(world.admin, line, Deletion::if_empty), Reason("group.not_empty"));
  world.put_client(client, {});
  world.put_channel(channel, line.id);
  EXPECT_EQ(try_delete(world.admin, line, Deletion::if_empty), Reason("group.not_empty"));
  world.put_client(client, hall.id);
  const auto reader = with_role(kind::group, line.id.str(), {"channel_read", "read"});
  const auto role_reader = with_role(kind::group, hall.id.str(), {"delete", "read"});
  EXPECT_EQ(try_delete(role_reader, hall, Deletion::forced), Reason("force.denied"));
  EXPECT_EQ(try_delete(world.admin, hall, Deletion::forced), Reason("none"));
  for (const auto* gone : {&hall, &line}) {
    EXPECT_EQ(reason(Gate(*world.core).require<act::ReadGroup>(world.admin, gone->id)),
              Reason("object.missing"));
    const auto roles = must(world.store->read([&](store::Read& read) {
      return store::select<Role>(read, store::lookup::kRolesOfScope, kind::group, gone->id);
    }));
    EXPECT_TRUE(roles.empty());
  }
  EXPECT_FALSE(world.may(reader, "can_read", kind::channel, channel.id.str()));
  must(world.store->read([&](store::Read& read) -> Result<void> {
    TRY(const auto left, store::find<Client>(read, client.id));
    TRY(const auto right, store::find<Channel>(read, channel.id));
    EXPECT_TRUE(left->group.empty() && right->group.empty());
    TRY(const auto memberships, store::select<RoleMember>(read, store::lookup::kMembershipsOfSubject,
                                                          kind::user, reader.who.principal.id));
    EXPECT_TRUE(memberships.empty());
    return {};
  }));
}

TEST_F(Groups, AreDeletedByForceOnlyAsFarAsOneChangeMayGo) {
  const auto hall = world.make_group(domain.id, "hall");
  const auto line = world.make_group(domain.id, "line", hall.id);
  const auto press = world.make_group(domain.id, "press", line.id);
  const auto client = world.make_client(domain.id).client;
  const auto channel = world.make_channel(domain.id, "temps");
  world.put_client(client, press.id);
  world.put_channel(channel, line.id);
  world.core->most_erased = 3;  // of two groups, a client and a channel
  EXPECT_EQ(try_delete(world.admin, hall, Deletion::forced), Reason("delete.too_large"));
  EXPECT_EQ(path(world.admin, press), (std::vector<std::string>{"hall", "line", "press"}));
  EXPECT_EQ(try_delete(world.admin, line, Deletion::forced), Reason("none"));
  EXPECT_EQ(try_delete(world.admin, hall, Deletion::forced), Reason("none"));
}

TEST_F(Groups, AreOwnedByWhomeverMadeThemUnlessSomebodyElseIsNamed) {
  const auto ada = world.make_user("ada");
  const auto make = [&](std::string name, std::optional<UserId> owner) {
    return world.try_run(create_group(*world.core,
                                      world.permit<act::CreateGroup>(world.admin, Container(domain.id)),
                                      {.common = {.name = std::move(name)}, .owner = std::move(owner)}));
  };
  EXPECT_EQ(must(make("a", {})).group.owner.str(), world.admin.who.principal.id);
  EXPECT_EQ(must(make("b", ada.id)).group.owner, ada.id);
  EXPECT_TRUE(must(make("c", UserId())).group.owner.empty());
  EXPECT_EQ(reason(make("d", UserId::trusted("nobody"))), Reason("user.missing"));
  // It names somebody; it grants nothing.
  const auto b = must(make("e", ada.id)).group;
  EXPECT_FALSE(world.may(world.caller(ada.id), "can_read", kind::group, b.id.str()));
}

}  // namespace
}  // namespace allauth::app
