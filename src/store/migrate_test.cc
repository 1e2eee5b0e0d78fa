#include "store/migrate.h"

#include <fstream>

#include "store/testing/contract.h"

namespace allauth::store::testing {
namespace {

class MigrateContract : public ::testing::TestWithParam<Engine> {
 protected:
  void SetUp() override {
    auto database = GetParam().open(folder_.path());
    ASSERT_TRUE(database);
    database_ = std::move(*database);
    session_ = database_->connect(sql::Database::Access::read_write).value();
  }
  Result<void> run(std::vector<Migration> known) { return migrate(*session_, known, from_millis(1)); }
  bool has_table(const std::string& name) {
    const std::string text = "SELECT count(*) FROM " + name;
    return session_->run(sql::Statement::generated("test", *texts_.insert(text).first)).has_value();
  }

  TempFolder folder_;
  std::set<std::string> texts_;  // sessions keep statements by address
  std::unique_ptr<sql::Database> database_;
  std::unique_ptr<sql::Session> session_;
};

const Migration kOne{1, 1, "CREATE TABLE one (id {{text}} NOT NULL PRIMARY KEY) {{table}};"};
const Migration kTwo{2, 1, "CREATE TABLE two (id {{int}} NOT NULL PRIMARY KEY, b {{blob}}) {{clustered}};"};
const Migration kThree{3, 3, "DROP TABLE one;"};

TEST_P(MigrateContract, AppliesWhatIsMissingInOrderAndOnce) {
  ASSERT_TRUE(run({kOne}));
  ASSERT_TRUE(run({kOne}));
  EXPECT_TRUE(has_table("one"));
  EXPECT_FALSE(has_table("two"));
  ASSERT_TRUE(run({kOne, kTwo, kThree}));
  EXPECT_TRUE(has_table("two"));
  EXPECT_FALSE(has_table("one"));
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
  ASSERT_TRUE(run({kOne, kTwo, kThree}));
  const auto result = run({kOne, kTwo});
  EXPECT_EQ(result.error().reason, Reason("store.schema.too_new"));
  EXPECT_NE(result.error().message.find("newer allauth"), std::string::npos);
}

TEST_P(MigrateContract, LeavesNothingOfOneThatFails) {
  const auto result = run({kOne, {2, 1, "CREATE TABLE two (id {{text}}) {{table}}; CREATE NONSENSE;"}});
  EXPECT_EQ(result.error().reason, Reason("store.sql"));
  EXPECT_FALSE(has_table("one"));
  EXPECT_FALSE(has_table("two"));
  EXPECT_TRUE(run({kOne}));
}

TEST(Migrations, AreNumberedThrough) {
  int version = 0;
  for (const auto& migration : migrations()) {
    EXPECT_EQ(migration.version, ++version);
    EXPECT_LE(migration.min_compatible, migration.version);
  }
}

INSTANTIATE_TEST_SUITE_P(Engines, MigrateContract, ::testing::ValuesIn(engines()),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace allauth::store::testing
