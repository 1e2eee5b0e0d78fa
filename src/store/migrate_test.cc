#include "store/migrate.h"

#include <thread>

#include "store/testing/contract.h"

namespace allauth::store::testing {
namespace {

class MigrateContract : public ::testing::TestWithParam<Engine> {
 protected:
  void SetUp() override {
    SKIP_IF_MISSING(GetParam());
    auto database = GetParam().open(folder_.path());
    ASSERT_TRUE(database);
    database_ = std::move(*database);
    session_ = connect();
  }
  std::unique_ptr<sql::Session> connect() {
    return database_->connect(sql::Database::Access::read_write).value();
  }
  Result<void> run(std::vector<Migration> known, MigrateOptions options = {}) {
    return migrate(*session_, known, clock_, entropy_, options);
  }
  bool has_table(std::string_view name) { return session_->has_table(name).value(); }
  SchemaStatus status(std::vector<Migration> known) { return read_schema(*session_, known).value(); }

  TempFolder folder_;
  ManualClock clock_;
  SystemEntropy entropy_;
  std::unique_ptr<sql::Database> database_;
  std::unique_ptr<sql::Session> session_;
};

const Migration kOne{1, 1, "CREATE TABLE one (id {{text}} NOT NULL PRIMARY KEY) {{table}};"};
const Migration kTwo{2, 1, "CREATE TABLE two (id {{int}} NOT NULL PRIMARY KEY, b {{blob}}) {{clustered}};"};
const Migration kThree{3, 3, "DROP TABLE one;", Phase::contract};

TEST_P(MigrateContract, AppliesWhatIsMissingInOrderAndOnce) {
  ASSERT_TRUE(run({kOne}));
  ASSERT_TRUE(run({kOne}));
  EXPECT_TRUE(has_table("one"));
  EXPECT_FALSE(has_table("two"));
  ASSERT_TRUE(run({kOne, kTwo, kThree}));
  EXPECT_TRUE(has_table("two"));
  EXPECT_FALSE(has_table("one"));
}

TEST_P(MigrateContract, GoesNoFurtherThanAsked) {
  ASSERT_TRUE(run({kOne, kTwo, kThree}, {.to = 2}));
  EXPECT_TRUE(has_table("two"));
  EXPECT_TRUE(has_table("one"));
  EXPECT_EQ(status({kOne, kTwo, kThree}).applied, 2);
}

TEST_P(MigrateContract, SaysHowFarItIs) {
  using State = SchemaStatus::Step::State;
  EXPECT_EQ(status({kOne, kTwo}).applied, 0);
  ASSERT_TRUE(run({kOne, kTwo}));
  const auto known_by_newer = status({kOne, kTwo, kThree});
  EXPECT_EQ(known_by_newer.applied, 2);
  EXPECT_EQ(known_by_newer.min_compatible, 1);
  ASSERT_EQ(known_by_newer.steps.size(), 3U);
  EXPECT_EQ(known_by_newer.steps[1].state, State::applied);
  EXPECT_EQ(known_by_newer.steps[1].applied_at, clock_.now());
  EXPECT_EQ(known_by_newer.steps[2].state, State::pending);
  EXPECT_EQ(known_by_newer.steps[2].phase, Phase::contract);
  const auto known_by_older = status({kOne});
  ASSERT_EQ(known_by_older.steps.size(), 2U);
  EXPECT_EQ(known_by_older.steps[1].state, State::applied);
  EXPECT_FALSE(known_by_older.steps[1].phase);
}

TEST_P(MigrateContract, RefusesOneThatHasChanged) {
  ASSERT_TRUE(run({kOne, kTwo}));
  const auto result = run({kOne, {2, 1, "CREATE TABLE two (id {{text}}) {{table}};"}});
  EXPECT_EQ(result.error().reason, Reason("store.migration.changed"));
  EXPECT_EQ(result.error().code, Code::unsupported);
}

TEST_P(MigrateContract, WorksWithANewerSchemaUnlessThatForbidsIt) {
  ASSERT_TRUE(run({kOne, kTwo}));
  EXPECT_TRUE(run({kOne}));
  EXPECT_TRUE(require_migrated(*session_, std::array{kOne}));
  ASSERT_TRUE(run({kOne, kTwo, kThree}));
  const auto result = run({kOne, kTwo});
  EXPECT_EQ(result.error().reason, Reason("store.schema.too_new"));
  EXPECT_NE(result.error().message.find("newer allauth"), std::string::npos);
  EXPECT_EQ(require_migrated(*session_, std::array{kOne, kTwo}).error().reason,
            Reason("store.schema.too_new"));
}

TEST_P(MigrateContract, SaysWhatToDoAboutASchemaThatIsBehind) {
  const auto empty = require_migrated(*session_, std::array{kOne});
  EXPECT_EQ(empty.error().reason, Reason("store.schema.behind"));
  EXPECT_EQ(empty.error().message,
            "The database is at schema 0 and this allauth needs 1; run allauth migrate up.");
  ASSERT_TRUE(run({kOne}));
  EXPECT_TRUE(require_migrated(*session_, std::array{kOne}));
  EXPECT_EQ(require_migrated(*session_, std::array{kOne, kTwo}).error().reason,
            Reason("store.schema.behind"));
}

TEST_P(MigrateContract, NeedsNoStepThatOnlyTakesAway) {
  ASSERT_TRUE(run({kOne, kTwo}));
  EXPECT_TRUE(require_migrated(*session_, std::array{kOne, kTwo, kThree}));
}

TEST_P(MigrateContract, LeavesNothingOfOneThatFails) {
  const auto result = run({kOne, {2, 1, "CREATE TABLE two (id {{text}}) {{table}}; CREATE NONSENSE;"}});
  EXPECT_EQ(result.error().reason, Reason("store.sql"));
  EXPECT_FALSE(has_table("two"));
  EXPECT_EQ(status({kOne}).applied, 1);
  EXPECT_TRUE(run({kOne, kTwo}));
}

TEST_P(MigrateContract, IsDoneOnceBySeveralAtOnce) {
  std::vector<std::jthread> threads;
  std::atomic<int> failed = 0;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([this, &failed] {
      const auto session = connect();
      const auto done = migrate(*session, std::array{kOne, kTwo, kThree}, clock_, entropy_);
      if (!done) {
        ++failed;
        ADD_FAILURE() << done.error().message << " " << done.error().detail;
      }
    });
  threads.clear();
  EXPECT_EQ(failed, 0);
  EXPECT_EQ(status({kOne, kTwo, kThree}).applied, 3);
}

TEST(Migrations, AreNumberedThrough) {
  int version = 0;
  for (const auto& migration : migrations()) {
    EXPECT_EQ(migration.version, ++version);
    EXPECT_LE(migration.min_compatible, migration.version);
    EXPECT_EQ(migration.backfill != nullptr, migration.phase == Phase::migrate);
  }
}

// A migration of rows, over the tables of this version.
class BackfillContract : public StoreTest {
 protected:
  void SetUp() override {
    StoreTest::SetUp();
    if (IsSkipped()) return;
    ASSERT_TRUE(write([](Tx& tx) -> Result<void> {
      for (int i = 0; i < kUsers; ++i) {
        auto user = make_user(fmt::format("u{:02}", i));
        TRY(insert(tx, user));
      }
      return {};
    }));
    store_.reset();
    database_ = GetParam().open(folder_.path()).value();
    session_ = database_->connect(sql::Database::Access::read_write).value();
  }
  void TearDown() override {
    session_.reset();
    database_.reset();
    StoreTest::TearDown();
  }

  static Result<std::optional<std::string>> mark(Tx& tx, std::string_view position, std::size_t limit) {
    constexpr sql::Statement kNext("test.next",
                                   "SELECT {columns} FROM users WHERE id > $1 ORDER BY id LIMIT $2");
    if (position >= fail_from_) return fail(Code::unavailable, "store.io", "The test stops it here.");
    TRY(auto users, select<User>(tx, kNext, position, limit));
    for (auto& user : users) {
      user.name += "*";
      TRY(update(tx, user));
    }
    if (users.size() < limit) return std::nullopt;
    return users.back().id.str();
  }
  static std::vector<Migration> with_backfill() {
    std::vector<Migration> known(migrations().begin(), migrations().end());
    const int next = static_cast<int>(known.size()) + 1;
    known.push_back(
        {next, 1, "CREATE TABLE marks (id {{text}} NOT NULL PRIMARY KEY) {{table}};", Phase::migrate, &mark});
    return known;
  }
  Result<void> run(std::size_t rows) {
    return migrate(*session_, with_backfill(), clock_, entropy_, {.rows = rows});
  }
  std::vector<std::string> names() {
    std::vector<std::string> found;
    Read read(*session_, Revision{0});
    EXPECT_TRUE(for_each<User>(read, [&found](const User& user) -> Result<void> {
      found.push_back(user.name);
      return {};
    }));
    return found;
  }
  static std::vector<std::string> marked_once() {
    std::vector<std::string> expected;
    for (int i = 0; i < kUsers; ++i) expected.push_back(fmt::format("User u{:02}*", i));
    return expected;
  }

  static constexpr int kUsers = 25;
  static inline std::string fail_from_;
  std::unique_ptr<sql::Database> database_;
  std::unique_ptr<sql::Session> session_;
};

TEST_P(BackfillContract, ChangesAllRowsInBatchesThroughTheLog) {
  fail_from_ = "~";
  ASSERT_TRUE(run(10));
  EXPECT_EQ(names(), marked_once());
  Read read(*session_, read_head(*session_)->newest.revision);
  const auto log = read_entries(read, LogCursor{}, 100).value();
  ASSERT_EQ(log.size(), 4U);
  EXPECT_EQ(log[1].act.slug, "schema.rows_migrated");
  EXPECT_EQ(log[1].images.size(), 10U);
  EXPECT_EQ(log[3].images.size(), 5U);
  EXPECT_NE(log[3].tag, 0U);
  EXPECT_TRUE(require_migrated(*session_, with_backfill()));
  ASSERT_TRUE(run(10));
  EXPECT_EQ(names(), marked_once()) << "it is done once";
}

TEST_P(BackfillContract, GoesOnWhereItWasInterrupted) {
  fail_from_ = "u05";
  EXPECT_EQ(run(4).error().reason, Reason("store.io"));
  const auto status = read_schema(*session_, with_backfill()).value();
  EXPECT_EQ(status.steps.back().state, SchemaStatus::Step::State::under_way);
  EXPECT_EQ(require_migrated(*session_, with_backfill()).error().reason, Reason("store.schema.behind"));
  fail_from_ = "~";
  ASSERT_TRUE(run(4));
  EXPECT_EQ(names(), marked_once());
  EXPECT_EQ(read_schema(*session_, with_backfill())->applied, status.applied + 1);
}

TEST_P(BackfillContract, IsSharedBySeveralAtOnce) {
  fail_from_ = "~";
  std::vector<std::jthread> threads;
  for (int i = 0; i < 3; ++i)
    threads.emplace_back([this] {
      const auto session = database_->connect(sql::Database::Access::read_write).value();
      const auto done = migrate(*session, with_backfill(), clock_, entropy_, {.rows = 2});
      EXPECT_TRUE(done) << done.error().message << " " << done.error().detail;
    });
  threads.clear();
  EXPECT_EQ(names(), marked_once());
}

INSTANTIATE_TEST_SUITE_P(Engines, MigrateContract, ::testing::ValuesIn(engines()),
                         [](const auto& info) { return info.param.name; });
INSTANTIATE_TEST_SUITE_P(Engines, BackfillContract, ::testing::ValuesIn(engines()),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace allauth::store::testing
