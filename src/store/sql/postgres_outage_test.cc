// A server that goes away, a network that dies: what callers are told, and how all of it mends.
#include <thread>

#include "store/testing/postgres_test_base.h"
#include "store/testing/tcp_relay.h"

namespace allauth::sql {
namespace {

using store::Committed;
using store::Done;
using store::LogCursor;
using store::Store;
using store::testing::PostgresTest;
using store::testing::TcpRelay;

// With its end: READ COMMITTED is not meant.
constexpr std::string_view kCommit("COMMIT\0", 7);

class PostgresOutage : public PostgresTest {
 protected:
  void SetUp() override {
    PostgresTest::SetUp();
    if (IsSkipped()) return;
    schema_ = cluster().fresh_schema();
  }
  std::unique_ptr<Store> open(const std::string& url, const DatabaseOptions& options = {}) {
    auto store = Store::open(store_options(url, options));
    EXPECT_TRUE(store) << store.error().message << " " << store.error().detail;
    return store ? *std::move(store) : nullptr;
  }
  // The fresh schema by way of a relay.
  std::string through(const TcpRelay& relay) const {
    const auto schema = schema_.substr(schema_.find("options="));
    return fmt::format("postgresql://allauth@127.0.0.1:{}/postgres?{}&sslmode=disable", relay.port(), schema);
  }
  // The write, again while the database is away.
  static Result<Committed<Done>> write_once_possible(Store& store, const std::string& id) {
    Result<Committed<Done>> done = fail(Code::bug, "test.never", "");
    eventually([&] {
      done = store.write<Done>(put(id));
      return done || done.error().code != Code::unavailable;
    });
    return done;
  }

  std::string schema_;
};

TEST_F(PostgresOutage, ARestartOfTheServerIsSurvived) {
  auto store = open(schema_);
  ASSERT_TRUE(store->write<Done>(put("u1")));
  cluster().stop();
  for (int i = 0; i < 3; ++i) {
    const auto read = store->revision();
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().code, Code::unavailable);
    EXPECT_EQ(read.error().reason, Reason("store.unreachable"));
    EXPECT_TRUE(read.error().retry_after.has_value());
    const auto written = store->write<Done>(put("lost"));
    ASSERT_FALSE(written);
    EXPECT_EQ(written.error().code, Code::unavailable);
    EXPECT_TRUE(written.error().retry_after.has_value());
  }
  cluster().start();
  EXPECT_EQ(write_once_possible(*store, "u2")->revision, Revision{2});
  EXPECT_TRUE(eventually([&] { return store->revision() == Revision{2}; }));
  EXPECT_EQ(store->read_log(LogCursor{}, 10)->size(), 2U);
  const auto& log = logged_.read();
  EXPECT_NE(log.find("the database cannot be reached"), std::string::npos) << log;
  EXPECT_NE(log.find("the database can be reached again"), std::string::npos) << log;
}

TEST_F(PostgresOutage, AServerThatIsKilledHasWhatItAnswered) {
  auto store = open(schema_);
  for (int i = 1; i <= 20; ++i) ASSERT_TRUE(store->write<Done>(put(fmt::format("u{}", i))));
  cluster().kill();
  cluster().start();
  EXPECT_EQ(write_once_possible(*store, "u21")->revision, Revision{21});
  EXPECT_EQ(store->read_log(LogCursor{}, 100)->size(), 21U);
}

TEST_F(PostgresOutage, ASessionThatTheServerEndedIsReplacedInSilence) {
  auto store = open(schema_);
  ASSERT_TRUE(store->write<Done>(put("u1")));
  cluster().run(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'allauth' "
      "AND pid <> pg_backend_pid()");
  for (int i = 0; i < 8; ++i) EXPECT_TRUE(store->revision()) << "every reader connects again";
  EXPECT_EQ(write_once_possible(*store, "u2")->revision, Revision{2});
}

// Nobody is told that the connection is dead; only our own deadline says so.
TEST_F(PostgresOutage, ADeadNetworkHangsNobody) {
  TcpRelay relay(cluster().port());
  auto session = connect(through(relay), {.statement_timeout = Millis(100), .connect_timeout = Millis(300)});
  relay.freeze();
  const auto hung = session->begin_read();
  ASSERT_FALSE(hung);
  EXPECT_EQ(hung.error().reason, Reason("store.unreachable"));
  relay.thaw();
  EXPECT_TRUE(eventually([&] { return session->begin_read().has_value(); }));
  session->rollback();
}

TEST_F(PostgresOutage, OnlyOneTriesToConnectAndTheOthersAreToldAtOnce) {
  TcpRelay relay(cluster().port());
  auto store = open(through(relay), {.statement_timeout = Millis(100), .connect_timeout = Millis(300)});
  relay.freeze();
  EXPECT_TRUE(eventually([&] { return !store->revision(); }));
  const auto before = relay.connections();
  std::atomic<int> refused = 0;
  const auto until = std::chrono::steady_clock::now() + Seconds(2);
  {
    std::vector<std::jthread> callers;
    for (int i = 0; i < 8; ++i)
      callers.emplace_back([&] {
        while (std::chrono::steady_clock::now() < until) {
          if (!store->revision()) ++refused;
          std::this_thread::sleep_for(Millis(1));
        }
      });
  }
  EXPECT_LE(relay.connections() - before, 8U) << "each attempt takes 300 ms and is followed by a pause";
  EXPECT_GE(refused, 400) << "those that do not try wait for nothing";
  relay.thaw();
  EXPECT_TRUE(eventually([&] { return store->revision().has_value(); }));
}

TEST_F(PostgresOutage, ACommitWhoseAnswerIsLostIsFoundLater) {
  TcpRelay relay(cluster().port());
  auto store = open(through(relay));
  std::vector<std::string> applied;
  ASSERT_TRUE(store->follow({.applied = [&applied](const store::AppliedBatch& batch) {
    for (const auto& entry : batch.entries) applied.push_back(entry.act.target_id);
  }}));
  ASSERT_TRUE(store->write<Done>(put("u1")));
  relay.lose(TcpRelay::Lose::answer, kCommit);
  const auto in_doubt = store->write<Done>(put("u2"));
  ASSERT_FALSE(in_doubt);
  EXPECT_EQ(in_doubt.error().code, Code::unavailable);
  EXPECT_EQ(in_doubt.error().reason, Reason("store.in_doubt")) << in_doubt.error().detail;
  relay.lose(TcpRelay::Lose::request, kCommit);
  auto lost = write_once_possible(*store, "u3");  // its own commit does not arrive
  if (!lost) lost = write_once_possible(*store, "u3");
  ASSERT_TRUE(lost) << lost.error().message;
  EXPECT_EQ(lost->revision, Revision{3});
  store->close();
  EXPECT_EQ(applied, (std::vector<std::string>{"u1", "u2", "u3"}));
}

}  // namespace
}  // namespace allauth::sql
