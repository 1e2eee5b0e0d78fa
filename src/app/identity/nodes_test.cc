#include "app/identity/nodes.h"

#include <gtest/gtest.h>

#include "app/test_world.h"

namespace allauth::app {
namespace {

class Nodes : public ::testing::Test {
 protected:
  Permit<act::ManageNodes> permit() {
    return must(Gate(*world.core).require<act::ManageNodes>(world.admin, {}));
  }
  Result<EnrolledNode> enroll(const std::string& name) {
    return world.try_run(enroll_node(*world.core, digests(), permit(), name));
  }
  Result<store::Done> remove(const std::string& name) {
    return world.try_run(remove_node(*world.core, permit(), name));
  }
  std::string find(const Secret& token) { return find_node(world.core->now(), digests(), token); }
  const TokenDigests& digests() { return world.issuer->digests(); }
  Page<Credential> list(const ListRequest& request) {
    return must(world.store->read([&](store::Read& read) { return list_nodes(read, permit(), request); }));
  }
  static std::vector<std::string> names(const Page<Credential>& page) {
    std::vector<std::string> found;
    for (const auto& node : page.items) found.push_back(node.owner_id);
    return found;
  }
  TestWorld world;
};

TEST_F(Nodes, AreKnownByTheirTokenUntilTheyAreRemoved) {
  const auto node = must(enroll("edge-1.plant"));
  EXPECT_EQ(find(node.token), "edge-1.plant");
  EXPECT_EQ(find(Secret("ant1_somebody else's")), "");
  EXPECT_EQ(find(Secret()), "");
  must(remove("edge-1.plant"));
  EXPECT_EQ(find(node.token), "");
  EXPECT_EQ(remove("edge-1.plant").error().reason, Reason("object.missing"));
}

TEST_F(Nodes, HaveOneTokenEach) {
  const auto first = must(enroll("edge"));
  EXPECT_EQ(enroll("edge").error().reason, Reason("node.exists"));
  must(remove("edge"));
  const auto second = must(enroll("edge"));
  EXPECT_EQ(find(first.token), "");
  EXPECT_EQ(find(second.token), "edge");
}

TEST_F(Nodes, AreListedInPages) {
  for (const char* name : {"c", "a", "b"}) must(enroll(name));
  const auto first = list({.size = 2});
  EXPECT_EQ(names(first), (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(names(list({.size = 2, .token = first.next_token})), (std::vector<std::string>{"c"}));
}

TEST_F(Nodes, AreEnrolledByThoseWhoAdministerOnly) {
  const auto user = world.make_user("ada");
  const auto refused = Gate(*world.core).require<act::ManageNodes>(world.caller(user.id), {});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().reason, Reason("gate.denied"));
}

TEST_F(Nodes, HaveNamesThatFitIntoAPath) {
  for (const char* name : {"a", "0", "edge-7.plant_2"}) EXPECT_TRUE(parse_node_name(name, "name")) << name;
  for (const std::string& name : {std::string(), std::string("A"), std::string("-a"), std::string("a b"),
                                  std::string("a/b"), std::string(65, 'a')})
    EXPECT_FALSE(parse_node_name(name, "name")) << name;
}

}  // namespace
}  // namespace allauth::app
