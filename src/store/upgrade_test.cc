// Two versions of the program on one database, the newer one with a migration more: forward and back.
#include "store/lone_read.h"
#include "store/testing/next_version.h"
#include "store/testing/nodes.h"

namespace allauth::store::testing {
namespace {

class Upgrade : public NodesTest {
 protected:
  Result<std::unique_ptr<Store>> open(Node& node, std::span<const Migration> known, Migrating migrating) {
    auto with = options(node);
    with.migrations = known;
    with.migrating = migrating;
    return Store::open(std::move(with), std::make_unique<SharedDatabase>(database_));
  }
  Node& start_version(std::span<const Migration> known) {
    auto& node = *nodes_.emplace_back(std::make_unique<Node>());
    auto store = open(node, known, Migrating::unless_shared);
    EXPECT_TRUE(store) << store.error().message;
    node.store = std::move(*store);
    EXPECT_TRUE(node.store->follow(node.replica.follower()));
    return node;
  }
  void migrate_up(std::span<const Migration> known) {
    auto session = database_->connect(sql::Database::Access::read_write).value();
    const auto done = migrate(*session, known, clock_, entropy_);
    ASSERT_TRUE(done) << done.error().message << " " << done.error().detail;
  }
  static Result<Committed<Done>> rename(Node& node, const std::string& id, const std::string& name) {
    return node.write([=](Tx& tx) -> Result<void> {
      TRY(auto user, find<User>(tx, UserId::trusted(id)));
      user->name = name;
      return update(tx, *user);
    });
  }
  NextUser user(const std::string& id) {
    auto session = database_->connect(sql::Database::Access::read_only).value();
    return read_alone(*session, [&id](Read& read) { return find<NextUser>(read, UserId::trusted(id)); })
        .value()
        .value();
  }

  const std::span<const Migration> ours_ = migrations();
  const std::span<const Migration> next_ = next_migrations(ours_);
};

TEST_P(Upgrade, WaitsForTheOperatorWhereTheDatabaseIsShared) {
  Node node;
  const auto empty = open(node, ours_, Migrating::unless_shared);
  ASSERT_FALSE(empty);
  EXPECT_EQ(empty.error().reason, Reason("store.schema.behind"));
  EXPECT_NE(empty.error().message.find("run allauth migrate up"), std::string::npos);
  migrate_up(ours_);
  EXPECT_TRUE(open(node, ours_, Migrating::unless_shared));
  EXPECT_EQ(open(node, next_, Migrating::never).error().reason, Reason("store.schema.behind"));
}

TEST_P(Upgrade, AndRollBackLoseNothingWhileBothVersionsRun) {
  migrate_up(ours_);
  auto& old = start_version(ours_);
  ASSERT_TRUE(old.put("before"));

  migrate_up(next_);
  ASSERT_TRUE(old.put("by-old")) << "the old version goes on";
  auto& newer = start_version(next_);
  ASSERT_TRUE(newer.put("by-new"));
  ASSERT_TRUE(newer.store->write(give_nickname(UserId::trusted("before"), "Ruth")));
  ASSERT_TRUE(newer.store->write(give_nickname(UserId::trusted("by-old"), "Otto")));
  const auto last = rename(old, "before", "changed by the old version");
  ASSERT_TRUE(last) << last.error().message;
  for (auto* node : {&old, &newer}) {
    EXPECT_TRUE(node->replica.wait_for(last->revision));
    EXPECT_EQ(node->replica.gaps, std::vector<std::string>{});
  }
  EXPECT_EQ(old.replica.rows_now().size(), 3U);
  EXPECT_EQ(user("before").nickname, "Ruth") << "a column that the old version does not know keeps its value";
  EXPECT_EQ(user("before").name, "changed by the old version");

  newer.store->close();
  old.store->close();
  auto& again = start_version(ours_);
  ASSERT_TRUE(again.put("after-roll-back"));
  ASSERT_TRUE(rename(again, "by-old", "changed after the roll-back"));
  EXPECT_EQ(user("by-old").nickname, "Otto");

  auto& forward = start_version(next_);
  ASSERT_TRUE(forward.store->write(give_nickname(UserId::trusted("after-roll-back"), "Anna")));
  EXPECT_EQ(user("after-roll-back").nickname, "Anna");
  EXPECT_EQ(user("before").nickname, "Ruth");
  EXPECT_EQ(user("by-new").name, "User by-new");
}

TEST_P(Upgrade, KeepsOldVersionsAwayOnceItContracts) {
  migrate_up(next_);
  std::vector<Migration> contracting(next_.begin(), next_.end());
  const int version = static_cast<int>(contracting.size()) + 1;
  contracting.push_back({version, version - 1, "ALTER TABLE users DROP COLUMN username;", Phase::contract});
  Node node;
  EXPECT_TRUE(open(node, contracting, Migrating::never)) << "runs before it contracts";
  tamper({"DROP INDEX users_username"});
  tamper({"DROP INDEX users_by_username"});
  migrate_up(contracting);
  EXPECT_EQ(open(node, ours_, Migrating::unless_shared).error().reason, Reason("store.schema.too_new"));
}

INSTANTIATE_TEST_SUITE_P(Engines, Upgrade, ::testing::ValuesIn(engines()),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace allauth::store::testing
