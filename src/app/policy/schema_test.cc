#include "app/policy/schema.h"

#include <atomic>
#include <thread>

#include <gtest/gtest.h>

#include "app/access/questions.h"
#include "app/test_world.h"
#include "model/relationship.h"
#include "store/rows.h"

namespace allauth::app {
namespace {

constexpr std::string_view kShop =
    "definition shop/order {\n  relation buyer: user\n  permission can_view = buyer\n}\n";

class Schemas : public ::testing::Test {
 protected:
  Result<SchemaView> put(std::string_view text, std::optional<Revision> expected = {}) {
    TRY(auto permit, Gate(*world.core).require<act::WriteSchema>(world.admin, Platform{}));
    return world.try_run(write_schema(*world.core, std::move(permit), std::string(text), expected));
  }
  Result<SchemaView> try_out(std::string_view text) {
    const auto permit = world.permit<act::WriteSchema>(world.admin, Platform{});
    return world.store->read(
        [&](store::Read& read) { return try_schema(*world.core, read, permit, std::string(text), {}); });
  }
  SchemaView now() {
    return read_schema(*world.core, world.permit<act::ReadPolicy>(world.admin, Platform{}));
  }
  void relate(std::string_view text) {
    world.run(Result<store::Write<store::Done>>(
        store::Write<store::Done>{.recheck = {}, .run = [text](store::Tx& tx) -> Result<store::Done> {
                                    auto row = *parse_relationship_key(text);
                                    TRY(store::insert(tx, row));
                                    tx.act({.slug = "test.related"});
                                    return store::Done{};
                                  }}));
  }
  template <class T>
  static std::string reason(const Result<T>& result) {
    return result ? "none" : std::string(result.error().reason.slug());
  }

  TestWorld world;
};

TEST_F(Schemas, AreWrittenReadAndDecideAtOnce) {
  EXPECT_EQ(now().stamp.revision, Revision{});
  EXPECT_NE(now().core.find("definition domain"), std::string::npos);
  const auto user = world.make_user("ann").id;
  const auto written = must(put(kShop, Revision{}));
  EXPECT_EQ(written.text, kShop);
  EXPECT_EQ(now().text, kShop);
  EXPECT_EQ(now().stamp.revision, written.stamp.revision);
  EXPECT_EQ(now().stamp.updated_by, world.admin.who.principal.id);
  relate("shop/order:o1#buyer@user:" + user.str());
  const policy::ObjectRef order{"shop/order", "o1"};
  EXPECT_TRUE(must(check(*world.core, world.caller(user), {.permission = "view", .object = order})).allowed);
  must(put("definition shop/order {\n relation buyer: user\n permission can_view = nil\n}\n"));
  EXPECT_FALSE(must(check(*world.core, world.caller(user), {.permission = "view", .object = order})).allowed);
  EXPECT_TRUE(must(check(*world.core, world.caller(user), {.permission = "buyer", .object = order})).allowed);
}

TEST_F(Schemas, ThatAreWrongOrOutdatedChangeNothing) {
  const auto first = must(put(kShop));
  const auto wrong = put("definition order {}");
  EXPECT_EQ(reason(wrong), "schema.own");
  EXPECT_EQ(wrong.error().field, "text");
  EXPECT_TRUE(wrong.error().message.starts_with("1:12: ")) << wrong.error().message;
  EXPECT_EQ(reason(put("", Revision{})), "revision.stale");
  relate("shop/order:o1#buyer@user:ann");
  EXPECT_EQ(reason(put("")), "schema.in_use");
  EXPECT_EQ(now().stamp.revision, first.stamp.revision);
  EXPECT_EQ(now().text, kShop);
}

TEST_F(Schemas, CanBeTriedOut) {
  constexpr std::string_view kOdd =
      "definition shop/order {\n  relation shop_order: user\n  permission can_view = shop_order\n}\n";
  const auto odd = must(try_out(kOdd));
  EXPECT_EQ(odd.stamp.revision, Revision{});
  ASSERT_EQ(odd.warnings.size(), 1u);
  EXPECT_TRUE(odd.warnings[0].starts_with("2:12: ")) << odd.warnings[0];
  EXPECT_EQ(now().text, "");
  must(put(kShop));
  relate("shop/order:o1#buyer@user:ann");
  EXPECT_EQ(reason(try_out(kOdd)), "schema.in_use");
  EXPECT_EQ(reason(try_out("definition shop")), "schema.syntax");
  EXPECT_EQ(now().text, kShop);
}

TEST_F(Schemas, TakeTheirOwnRights) {
  const Caller reader = world.caller(world.make_user("rea").id);
  const Caller writer = world.caller(world.make_user("wri").id);
  const auto give = [&](const Caller& who, const char* action) {
    world.give(world.make_role(kind::platform, kPlatformId.data(), {action}, action), kind::user,
               who.who.principal.id);
  };
  give(reader, "policy_read");
  give(writer, "schema_write");
  const Gate gate(*world.core);
  EXPECT_TRUE(gate.require<act::ReadPolicy>(reader, Platform{}));
  EXPECT_EQ(reason(gate.require<act::WriteSchema>(reader, Platform{})), "gate.denied");
  EXPECT_TRUE(gate.require<act::ReadPolicy>(writer, Platform{}));
  EXPECT_TRUE(gate.require<act::WriteSchema>(writer, Platform{}));
}

// Each answer is that of one of the two schemas.
TEST_F(Schemas, ChangeUnderThoseWhoAsk) {
  const auto user = world.make_user("ann").id;
  must(put(kShop));
  relate("shop/order:o1#buyer@user:" + user.str());
  std::atomic<bool> done{false};
  std::atomic<int> asked{0};
  std::jthread asking([&] {
    const Caller caller = world.caller(user);
    while (!done.load()) {
      const auto answer =
          check(*world.core, caller, {.permission = "can_view", .object = {"shop/order", "o1"}});
      ASSERT_TRUE(answer ? answer->rule.starts_with("shop/order#")
                         : answer.error().reason == Reason("policy.permission.unknown"));
      asked.fetch_add(1);
    }
  });
  for (int i = 0; i < 30; ++i) {
    must(
        put(fmt::format("definition shop/order {{\n relation buyer: user\n}}\n"
                        "definition shop/thing{} {{}}\n",
                        i)));
    must(put(kShop));
  }
  while (asked.load() < 100) std::this_thread::yield();
  done.store(true);
}

}  // namespace
}  // namespace allauth::app
