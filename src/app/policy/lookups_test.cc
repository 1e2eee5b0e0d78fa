#include "app/policy/lookups.h"

#include <gtest/gtest.h>

#include "app/access/questions.h"
#include "app/test_world.h"

namespace allauth::app {
namespace {

class Lookups : public ::testing::Test {
 protected:
  Lookups() {
    std::ranges::sort(channels, {}, [](const Channel& channel) { return channel.id.str(); });
    world.make_connection(client, channels[0].id, {.publish = true});
    world.make_connection(client, channels[1].id, {.publish = true});
    world.join(domain.id, member.id, DomainRole::member);
  }
  static std::vector<std::string> ids_of(const ReachedPage& page) {
    std::vector<std::string> ids;
    for (const Reached& object : page.objects) ids.push_back(object.id);
    return ids;
  }
  ResourceLookup of_client(std::string_view permission = "publish") {
    return {.subject = policy::SubjectRef{{kind::client, client.str()}},
            .permission = permission,
            .kind = kind::channel};
  }

  TestWorld world;
  Domain domain = world.make_domain("plant");
  std::vector<Channel> channels = {world.make_channel(domain.id, "a"), world.make_channel(domain.id, "b"),
                                   world.make_channel(domain.id, "c")};
  ClientId client = world.make_client(domain.id).client.id;
  User member = world.make_user("member");
};

TEST_F(Lookups, FindWhatAClientReaches) {
  const auto page = must(lookup_resources(*world.core, world.admin, of_client()));
  EXPECT_EQ(ids_of(page), (std::vector{channels[0].id.str(), channels[1].id.str()}));
  EXPECT_EQ(page.end.revision, world.core->now().revision());
  EXPECT_TRUE(must(lookup_resources(*world.core, world.admin, of_client("subscribe"))).objects.empty());
}

TEST_F(Lookups, SayHowAThingIsReached) {
  ResourceLookup query{.permission = "can_read", .kind = kind::channel, .ways = true};
  const auto page = must(lookup_resources(*world.core, world.caller(member.id), query));
  ASSERT_EQ(page.objects.size(), channels.size());
  for (const Reached& object : page.objects) {
    const auto answer = must(check(*world.core, world.caller(member.id),
                                   {.permission = "can_read", .object = {kind::channel, object.id}}));
    EXPECT_EQ(object.rule, answer.rule);
    ASSERT_FALSE(object.through.empty());
    EXPECT_EQ(object.through.front().kind, kind::domain);
    EXPECT_EQ(object.through.front().id, domain.id.str());
    EXPECT_EQ(object.through.back().kind, "role");
  }
  auto direct = of_client();
  direct.ways = true;
  const auto reached = must(lookup_resources(*world.core, world.admin, direct)).objects.front();
  EXPECT_EQ(reached.rule, "channel#publisher");
  EXPECT_TRUE(reached.through.empty());
}

TEST_F(Lookups, EndWhenNobodyWaitsForThem) {
  const std::atomic<bool> gone{true};
  auto resources = of_client();
  resources.stop = &gone;
  EXPECT_EQ(lookup_resources(*world.core, world.admin, resources).error().reason, Reason("policy.stopped"));
  const policy::ObjectRef channel{kind::channel, channels[0].id.str()};
  EXPECT_EQ(lookup_subjects(*world.core, world.admin,
                            {.object = channel, .permission = "publish", .kind = kind::client, .stop = &gone})
                .error()
                .reason,
            Reason("policy.stopped"));
  EXPECT_EQ(expand(*world.core, world.admin, channel, "publish", &gone).error().reason,
            Reason("policy.stopped"));
}

TEST_F(Lookups, ArePaged) {
  auto query = of_client();
  query.page = {.size = 1, .count = true};
  const auto first = must(lookup_resources(*world.core, world.admin, query));
  EXPECT_EQ(ids_of(first), std::vector{channels[0].id.str()});
  EXPECT_EQ(first.end.total, 2u);
  query.page = {.size = 1, .token = first.end.next_token};
  // What is gone, or came, in between spoils nothing.
  world.run(
      disconnect(*world.core, world.permit<act::ConnectChannel>(world.admin, channels[0].id), client, {}));
  const auto second = must(lookup_resources(*world.core, world.admin, query));
  EXPECT_EQ(ids_of(second), std::vector{channels[1].id.str()});
  EXPECT_TRUE(second.end.next_token.empty());
  query.permission = "subscribe";
  EXPECT_EQ(lookup_resources(*world.core, world.admin, query).error().reason, Reason("page.token"));
  query.page = {.size = 1001};
  EXPECT_EQ(lookup_resources(*world.core, world.admin, query).error().reason, Reason("page.size"));
}

TEST_F(Lookups, AboutOthersAreForThoseWhoMayReadThePolicy) {
  const auto caller = world.caller(member.id);
  EXPECT_EQ(lookup_resources(*world.core, caller, of_client()).error().reason, Reason("lookup.subject"));
  const ResourceLookup own{.permission = "read", .kind = kind::domain};
  EXPECT_EQ(ids_of(must(lookup_resources(*world.core, caller, own))), std::vector{domain.id.str()});
  ResourceLookup named = own;
  named.subject = policy::SubjectRef{{kind::user, member.id.str()}};
  EXPECT_TRUE(lookup_resources(*world.core, caller, named));
  named.subject->relation = "self";
  EXPECT_EQ(lookup_resources(*world.core, caller, named).error().reason, Reason("lookup.subject"));
}

TEST_F(Lookups, FindWhoMayDoSomething) {
  const SubjectLookup publishers{
      .object = {kind::channel, channels[0].id.str()}, .permission = "publish", .kind = kind::client};
  EXPECT_EQ(must(lookup_subjects(*world.core, world.caller(member.id), publishers)).ids,
            std::vector{client.str()});
  const auto stranger = world.caller(world.make_user("stranger").id);
  EXPECT_EQ(lookup_subjects(*world.core, stranger, publishers).error().reason, Reason("lookup.object"));
  SubjectLookup readers = publishers;
  readers.permission = "read";
  readers.kind = kind::user;
  const auto page = must(lookup_subjects(*world.core, world.admin, readers));
  EXPECT_NE(std::ranges::find(page.ids, member.id.str()), page.ids.end());
  EXPECT_FALSE(page.everyone);
}

TEST_F(Lookups, ExpandAPermission) {
  const policy::ObjectRef object{kind::channel, channels[0].id.str()};
  const auto expanded = must(expand(*world.core, world.caller(member.id), object, "publish"));
  const auto& nodes = expanded.tree.nodes;
  EXPECT_EQ(nodes.front().relation, "can_publish");
  EXPECT_TRUE(std::ranges::any_of(nodes, [&](const policy::Expansion::Node& node) {
    return std::ranges::any_of(node.subjects, [&](const auto& s) { return s.object.id == client.str(); });
  }));
  const auto stranger = world.caller(world.make_user("stranger").id);
  EXPECT_EQ(expand(*world.core, stranger, object, "publish").error().reason, Reason("lookup.object"));
}

}  // namespace
}  // namespace allauth::app
