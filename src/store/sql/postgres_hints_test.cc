// NOTIFY and LISTEN when something is wrong: no more than a hint is lost.
#include <atomic>

#include "store/testing/nodes.h"
#include "store/testing/postgres_test_base.h"

namespace allauth::sql {
namespace {

using store::Done;
using store::Store;
using store::testing::PostgresTest;
using store::testing::Replica;

class PostgresHints : public PostgresTest {
 protected:
  void SetUp() override {
    PostgresTest::SetUp();
    if (IsSkipped()) return;
    schema_ = cluster().fresh_schema();
  }
  std::unique_ptr<Store> open(Millis poll_interval, Metrics& metrics) {
    auto store = Store::open({.clock = clock_,
                              .entropy = entropy_,
                              .log = log_,
                              .metrics = metrics,
                              .location = schema_,
                              .poll_interval = poll_interval});
    EXPECT_TRUE(store) << store.error().message << " " << store.error().detail;
    return store ? *std::move(store) : nullptr;
  }
  static bool listens(const Metrics& metrics) {
    return metrics.render().find(R"(allauth_hints_connected{by="database"} 1)") != std::string::npos;
  }
  // Ends the server's processes that listen for us.
  static void end_listeners() {
    cluster().run(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'allauth' "
        "AND query LIKE 'LISTEN %'");
  }

  static constexpr Millis kNever = std::chrono::hours(1);
  std::string schema_;
};

TEST_F(PostgresHints, AListenerThatWasCutOffComesBackAndLooksAtWhatItMissed) {
  Metrics metrics;
  Replica replica;
  auto reader = open(kNever, metrics), writer = open(Millis(20), metrics_);
  ASSERT_TRUE(reader->follow(replica.follower()));
  ASSERT_TRUE(eventually([&] { return listens(metrics) && listens(metrics_); }));
  for (std::uint64_t i = 1; i <= 5; ++i) {
    end_listeners();
    ASSERT_TRUE(writer->write<Done>(put(fmt::format("u{}", i))));
    EXPECT_TRUE(replica.wait_for(Revision{i})) << i;
  }
}

TEST_F(PostgresHints, AnInstallationHearsNothingOfAnotherInTheSameDatabase) {
  Metrics metrics, elsewhere;
  Replica replica;
  auto one = open(kNever, metrics);
  schema_ = cluster().fresh_schema();
  auto other = open(kNever, elsewhere), its_peer = open(kNever, metrics_);
  ASSERT_TRUE(its_peer->follow(replica.follower()));
  ASSERT_TRUE(eventually([&] { return listens(metrics) && listens(elsewhere) && listens(metrics_); }));
  ASSERT_TRUE(other->write<Done>(put("u1")));
  ASSERT_TRUE(replica.wait_for(Revision{1}));
  EXPECT_NE(metrics.render().find(R"(allauth_hints_received_total{by="database"} 0)"), std::string::npos);
}

TEST_F(PostgresHints, WhereListeningIsImpossibleItIsSaidOnce) {
  auto database = try_open(schema_);  // in which there is no table
  ASSERT_TRUE(database);
  std::atomic<int> lost = 0;
  {
    const auto listening =
        (*database)->listen({.heard = [](auto) {}, .connected = [&](bool can) { lost += can ? 100 : 1; }});
    EXPECT_TRUE(eventually([&] { return lost >= 3; }));
  }
  EXPECT_LT(lost, 100) << "it never could";
  const auto log = logged_.read();
  const auto first = log.find("the database does not tell of changes");
  EXPECT_NE(first, std::string::npos) << log;
  EXPECT_EQ(log.find("the database does not tell of changes", first + 1), std::string::npos) << log;
}

// Who does not know us and speaks on our channel may say anything.
TEST_F(PostgresHints, JunkOnTheChannelDoesNothing) {
  auto store = open(kNever, metrics_);
  ASSERT_TRUE(eventually([&] { return listens(metrics_); }));
  auto session = connect(schema_);
  for (const auto* payload : {"", "x", "-1", "99999999999999999999999", "1 2"})
    ASSERT_TRUE(session->run_script(fmt::format(
        "DO $$ BEGIN PERFORM pg_notify('allauth_log_' || 'log_head'::regclass::oid, '{}'); END $$",
        payload)));
  ASSERT_TRUE(session->run_script(
      "DO $$ BEGIN FOR i IN 1..5000 LOOP PERFORM pg_notify('allauth_log_' || 'log_head'::regclass::oid, "
      "(1000000000 + i)::text); END LOOP; END $$"));
  EXPECT_TRUE(eventually([&] {
    return metrics_.render().find(R"(allauth_hints_received_total{by="database"} 0)") == std::string::npos;
  }));
  EXPECT_EQ(store->write<Done>(put("u1"))->revision, Revision{1});
}

}  // namespace
}  // namespace allauth::sql
