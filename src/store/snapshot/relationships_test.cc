// Relationships of the installation's own kinds in the snapshot.
#include <gtest/gtest.h>

#include "policy/core_schema.h"
#include "store/rows.h"
#include "store/snapshot/hub.h"
#include "store/testing/contract.h"

namespace allauth::store::testing {
namespace {

constexpr std::string_view kShop = R"(
definition shop/document {
  relation viewer: user | user:* | shop/team#member
  relation parent: shop/document
}
definition shop/team {
  relation member: user
}
)";

std::shared_ptr<const policy::CompiledSchema> shop_schema() {
  static const auto schema = *policy::compile_schema(std::string(policy::core_schema_text()).append(kShop));
  return schema;
}

Relationship related(std::string_view text) { return *parse_relationship_key(text); }

policy::Edge edge_of(const Relationship& row) {
  return {{row.resource_kind, row.resource_id},
          row.relation,
          {{row.subject_kind, row.subject_id}, row.subject_relation}};
}

class RelationshipRows : public StoreTest {
 protected:
  void SetUp() override {
    StoreTest::SetUp();
    if (store_) ASSERT_TRUE(hub_.follow(*store_));
  }
  Result<Committed<Done>> put(Relationship row) {
    return write([&row](Tx& tx) { return insert(tx, row); });
  }
  bool has(std::string_view text) { return hub_.view()->graph().contains(edge_of(related(text))); }

  SnapshotHub hub_{shop_schema(), clock_, log_, metrics_};
};

TEST_P(RelationshipRows, AreEdgesOfTheGraphUntilTheyGo) {
  const std::string_view all[] = {"shop/document:d1#viewer@user:u1", "shop/document:d1#viewer@user:*",
                                  "shop/document:d1#viewer@shop/team:t1#member",
                                  "shop/document:d2#parent@shop/document:a/b:c@d"};
  for (const auto text : all) ASSERT_TRUE(put(related(text))) << text;
  for (const auto text : all) EXPECT_TRUE(has(text)) << text;
  SnapshotHub fresh(shop_schema(), clock_, log_, metrics_);
  ASSERT_TRUE(fresh.follow(*store_));
  EXPECT_EQ(fresh.view()->graph().size(), 4U);
  for (const auto text : all) {
    ASSERT_TRUE(write([&](Tx& tx) { return erase(tx, related(text)); }));
    EXPECT_FALSE(has(text)) << text;
  }
  EXPECT_EQ(hub_.view()->graph().size(), 0U);
  EXPECT_TRUE(hub_.healthy());
}

TEST_P(RelationshipRows, ThatTheSchemaDoesNotAllowBreakTheSnapshot) {
  Relationship conditional = related("shop/document:d1#viewer@user:u1");
  conditional.caveat = "only_at_noon";
  Relationship ending = related("shop/document:d1#viewer@user:u2");
  ending.expires_at = from_millis(1);
  for (const auto& row : {related("shop/paper:p1#viewer@user:u1"), related("shop/document:d1#owner@user:u1"),
                          related("shop/document:d1#viewer@client:c1"),
                          related("domain:d1#platform@platform:main"), conditional, ending}) {
    SnapshotHub hub(shop_schema(), clock_, log_, metrics_);
    auto load = hub.load();
    EXPECT_FALSE(load.put(*image_of(row))) << row.key_text();
  }
  ASSERT_TRUE(put(related("shop/document:d1#viewer@user:u1")));
  ASSERT_TRUE(put(related("shop/document:d1#owner@user:u1")));
  EXPECT_FALSE(hub_.healthy());
  EXPECT_FALSE(hub_.view()->check_usable());
  EXPECT_FALSE(has("shop/document:d1#viewer@user:u1"));
}

INSTANTIATE_TEST_SUITE_P(Engines, RelationshipRows, ::testing::ValuesIn(engines()),
                         ::testing::PrintToStringParamName());

}  // namespace
}  // namespace allauth::store::testing
