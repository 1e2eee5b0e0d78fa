// Sessions on PostgreSQL: what the contract tests do not see because only a server between processes has it.
#include <array>
#include <limits>
#include <thread>

#include "store/sql/postgres_plan.h"
#include "store/testing/postgres_test_base.h"

namespace allauth::sql {
namespace {

using store::testing::PostgresTest;

constexpr Statement kTable("test.insert", "INSERT INTO things (id, number, bytes) VALUES ($1, $2, $3)");
constexpr Statement kThings("test.things", "SELECT id, number, bytes FROM things ORDER BY id");
constexpr Statement kSetNumber("test.set", "UPDATE things SET number = $1 WHERE id = $2");
constexpr Statement kSum("test.sum", "SELECT count(*) FROM things WHERE number > 0");
constexpr Statement kLock("test.lock", "SELECT number FROM things WHERE id = $1 {for update}");
constexpr Statement kSleep("test.sleep", "SELECT 1 FROM pg_sleep(60)");

Value text(std::string_view value) { return Value(value); }

class PostgresSessions : public PostgresTest {
 protected:
  void SetUp() override {
    PostgresTest::SetUp();
    if (IsSkipped()) return;
    url_ = cluster().fresh_schema();
    session_ = connect(url_);
    ASSERT_TRUE(session_->run_script(
        "CREATE TABLE schema_version (version {{int}}) {{table}};"  // it is a database of ours
        "CREATE TABLE things (id {{text}} NOT NULL PRIMARY KEY, number {{int}}, bytes {{blob}}) {{table}};"
        "INSERT INTO things VALUES ('a', 1, ''), ('b', 1, '')"));
  }
  std::string setting(Session& session, std::string_view name) {
    static constexpr Statement kSetting("test.setting", "SELECT current_setting($1)");
    std::string value;
    EXPECT_TRUE(session.run(kSetting, std::array{text(name)}, [&value](const Row& row) -> Result<void> {
      value = row.bytes(0);
      return {};
    }));
    return value;
  }

  std::vector<std::string> names() {
    std::vector<std::string> found;
    EXPECT_TRUE(session_->run(kThings, {}, [&found](const Row& row) -> Result<void> {
      found.emplace_back(row.bytes(0));
      return {};
    }));
    return found;
  }

  std::string url_;
  std::unique_ptr<Session> session_;
};

TEST_F(PostgresSessions, BindAndAnswerValuesOfEveryType) {
  constexpr auto kLeast = std::numeric_limits<std::int64_t>::min();
  const std::string bytes("\0\xFF\x80 bytes", 9);
  ASSERT_TRUE(session_->run(kTable, std::array{text("c"), Value(kLeast), Value::blob(bytes)}));
  ASSERT_TRUE(session_->run(kTable, std::array{text("d"), Value(), Value()}));  // the same with other types
  ASSERT_TRUE(session_->run(kTable, std::array{text(""), Value(-1), Value::blob("")}));
  int row_number = 0;
  ASSERT_TRUE(session_->run(kThings, {}, [&](const Row& row) -> Result<void> {
    switch (row_number++) {
      case 0:
        EXPECT_EQ(row.bytes(0), "");
        EXPECT_EQ(row.integer(1), -1);
        EXPECT_FALSE(row.is_null(2));
        break;
      case 3:
        EXPECT_EQ(row.integer(1), kLeast);
        EXPECT_EQ(row.bytes(2), bytes);
        break;
      case 4:
        EXPECT_TRUE(row.is_null(1) && row.is_null(2));
        EXPECT_EQ(row.integer(1), 0);
        EXPECT_EQ(row.bytes(2), "");
        break;
      default:
        break;
    }
    return {};
  }));
  EXPECT_EQ(row_number, 5);
}

TEST_F(PostgresSessions, RefuseColumnsThatNoRowCanHold) {
  constexpr Statement kSumOf("test.numeric", "SELECT sum(number) FROM things");
  const auto refused = session_->run(kSumOf, {}, [](const Row&) -> Result<void> { return {}; });
  EXPECT_EQ(refused.error().reason, Reason("store.sql"));
  EXPECT_EQ(refused.error().detail, "test.numeric: sum");
}

TEST_F(PostgresSessions, RefuseTheWrongNumberOfBinds) {
  EXPECT_EQ(session_->run(kSetNumber, std::array{Value(1)}).error().code, Code::bug);
}

TEST_F(PostgresSessions, GiveUpAStatementThatTakesTooLong) {
  const auto hasty = connect(url_, {.statement_timeout = Millis(50)});
  const auto late = hasty->run(kSleep, {});
  EXPECT_EQ(late.error().reason, Reason("store.locked"));
  EXPECT_EQ(late.error().code, Code::unavailable);
  EXPECT_EQ(late.error().message, "The database took too long.");
  EXPECT_TRUE(hasty->run(kSum, {})) << "the session is good for more";
}

TEST_F(PostgresSessions, GiveUpALockThatAnotherOneHolds) {
  const auto hasty = connect(url_, {.lock_timeout = Millis(50)});
  ASSERT_TRUE(session_->begin_write());
  ASSERT_TRUE(session_->run(kLock, std::array{text("a")}));
  ASSERT_TRUE(hasty->begin_write());
  EXPECT_EQ(hasty->run(kLock, std::array{text("a")}).error().reason, Reason("store.locked"));
  hasty->rollback();
  ASSERT_TRUE(session_->commit());
  ASSERT_TRUE(hasty->begin_write());
  EXPECT_TRUE(hasty->run(kLock, std::array{text("a")}));
  hasty->rollback();
}

TEST_F(PostgresSessions, SeeWhatWasCommittedBeforeTheLockWasGot) {
  const auto other = connect(url_);
  ASSERT_TRUE(session_->begin_write());
  ASSERT_TRUE(session_->run(kLock, std::array{text("a")}));
  ASSERT_TRUE(other->begin_write());
  std::int64_t seen = 0;
  std::jthread waits([&] {
    EXPECT_TRUE(other->run(kLock, std::array{text("a")}, [&seen](const Row& row) -> Result<void> {
      seen = row.integer(0);
      return {};
    }));
    other->rollback();
  });
  ASSERT_TRUE(session_->run(kSetNumber, std::array{Value(42), text("a")}));
  ASSERT_TRUE(session_->commit());
  waits.join();
  EXPECT_EQ(seen, 42);
}

// Each reads what the other changes: no order of the two gives both answers.
TEST_F(PostgresSessions, SayThatATransactionWasGivenUpForAnother) {
  const auto other = connect(url_);
  for (auto* session : {session_.get(), other.get()}) {
    ASSERT_TRUE(session->begin_write());
    ASSERT_TRUE(session->run_script("SET TRANSACTION ISOLATION LEVEL SERIALIZABLE"));
    ASSERT_TRUE(session->run(kSum, {}));
  }
  ASSERT_TRUE(session_->run(kSetNumber, std::array{Value(0), text("a")}));
  ASSERT_TRUE(other->run(kSetNumber, std::array{Value(0), text("b")}));
  ASSERT_TRUE(session_->commit());
  const auto given_up = other->commit();
  ASSERT_FALSE(given_up);
  EXPECT_EQ(given_up.error().reason, Reason("store.serialization"));
  EXPECT_EQ(given_up.error().code, Code::unavailable);
  ASSERT_TRUE(other->begin_write()) << "the transaction is over";
  other->rollback();
}

TEST_F(PostgresSessions, SayThatADeadlockWasBroken) {
  const auto other = connect(url_);
  ASSERT_TRUE(session_->begin_write());
  ASSERT_TRUE(other->begin_write());
  ASSERT_TRUE(session_->run(kLock, std::array{text("a")}));
  ASSERT_TRUE(other->run(kLock, std::array{text("b")}));
  Result<RunResult> one, two;
  {
    std::jthread waits([&] {
      one = session_->run(kLock, std::array{text("b")});
      session_->rollback();
    });
    two = other->run(kLock, std::array{text("a")});
    other->rollback();
  }
  ASSERT_NE(one.has_value(), two.has_value());
  EXPECT_EQ((one ? two : one).error().reason, Reason("store.serialization"));
}

TEST_F(PostgresSessions, WriteNothingWhenTheyRead) {
  ASSERT_TRUE(session_->begin_read());
  EXPECT_EQ(session_->run(kSetNumber, std::array{Value(9), text("a")}).error().reason,
            Reason("store.read_only"));
  session_->rollback();
  const auto reader = connect(url_, {}, Access::read_only);
  EXPECT_EQ(reader->run(kSetNumber, std::array{Value(9), text("a")}).error().reason,
            Reason("store.read_only"));
}

TEST_F(PostgresSessions, TellTheCauseOfAFailedTransactionAgain) {
  ASSERT_TRUE(session_->begin_write());
  EXPECT_EQ(session_->run(kTable, std::array{text("a"), Value(), Value()}).error().reason,
            Reason("row.exists"));
  EXPECT_EQ(session_->run(kSum, {}).error().reason, Reason("row.exists"));
  const auto committed = session_->commit();
  ASSERT_FALSE(committed) << "nothing was committed";
  EXPECT_EQ(committed.error().code, Code::bug);
  ASSERT_TRUE(session_->begin_write());
  ASSERT_TRUE(session_->savepoint());
  EXPECT_FALSE(session_->run(kTable, std::array{text("a"), Value(), Value()}));
  ASSERT_TRUE(session_->rollback_to_savepoint());
  EXPECT_TRUE(session_->run(kSum, {}));
  EXPECT_TRUE(session_->release());
  EXPECT_TRUE(session_->commit());
}

TEST_F(PostgresSessions, AreDurableWhateverTheRoleSays) {
  cluster().run("CREATE ROLE careless LOGIN SUPERUSER");
  cluster().run("ALTER ROLE careless SET synchronous_commit = off");
  const auto careless = connect(cluster().tcp_url("careless"));
  EXPECT_EQ(setting(*careless, "synchronous_commit"), "on");
  EXPECT_NE(logged_.read().find("does not keep what it has stored"), std::string::npos)
      << "fsync is off here";
  EXPECT_NE(logged_.read().find("fsync"), std::string::npos);
}

TEST_F(PostgresSessions, HaveTheSettingsThatProtectTheServer) {
  const auto session = connect(url_, {.lock_timeout = Millis(1234), .statement_timeout = Millis(5678)});
  EXPECT_EQ(setting(*session, "lock_timeout"), "1234ms");
  EXPECT_EQ(setting(*session, "statement_timeout"), "5678ms");
  EXPECT_EQ(setting(*session, "idle_in_transaction_session_timeout"), "10s");
  EXPECT_EQ(setting(*session, "application_name"), "allauth");
  EXPECT_EQ(setting(*session, "client_encoding"), "UTF8");
}

// The first holds the schema, so the second gives up rather than to stop everybody else.
TEST_F(PostgresSessions, ChangeTheSchemaOneAtATime) {
  const auto hasty = connect(url_, {.lock_timeout = Millis(50)});
  ASSERT_TRUE(session_->begin_schema_change());
  EXPECT_EQ(hasty->begin_schema_change().error().reason, Reason("store.locked"));
  EXPECT_TRUE(hasty->run(kSum, {})) << "but it can read";
  session_->rollback();
  EXPECT_TRUE(hasty->begin_schema_change());
  hasty->rollback();
}

// SAVEPOINT and RELEASE travel with the statements after them, so each order of calls has to mean the same
// as if they were sent at once.
TEST_F(PostgresSessions, KeepWhatWasReleasedWhateverComesAfter) {
  ASSERT_TRUE(session_->begin_write());
  const auto put = [&](std::string_view name) {
    return session_->run(kTable, std::array{text(name), Value(1), Value()});
  };
  ASSERT_TRUE(session_->savepoint());
  ASSERT_TRUE(put("kept"));
  ASSERT_TRUE(session_->release());
  ASSERT_TRUE(session_->savepoint()) << "in which nothing is done";
  ASSERT_TRUE(session_->release());
  ASSERT_TRUE(session_->savepoint()) << "given up before anything is done";
  ASSERT_TRUE(session_->rollback_to_savepoint());
  ASSERT_TRUE(session_->release());
  ASSERT_TRUE(session_->savepoint());
  ASSERT_TRUE(put("undone"));
  EXPECT_EQ(put("kept").error().reason, Reason("row.exists"));
  EXPECT_EQ(put("refused").error().reason, Reason("row.exists")) << "until it is rolled back";
  ASSERT_TRUE(session_->rollback_to_savepoint());
  ASSERT_TRUE(session_->release());
  ASSERT_TRUE(session_->savepoint()) << "whose first statement fails";
  EXPECT_EQ(put("kept").error().reason, Reason("row.exists"));
  ASSERT_TRUE(session_->rollback_to_savepoint());
  ASSERT_TRUE(session_->release());
  ASSERT_TRUE(session_->savepoint());
  ASSERT_TRUE(put("last"));
  ASSERT_TRUE(session_->release());
  ASSERT_TRUE(session_->commit());
  EXPECT_EQ(names(), (std::vector<std::string>{"a", "b", "kept", "last"}));
}

TEST_F(PostgresSessions, KnowWhenTheirSavepointIsLost) {
  ASSERT_TRUE(session_->savepoint()) << "outside of any transaction";
  EXPECT_FALSE(session_->run(kSum, {}));
  EXPECT_FALSE(session_->rollback_to_savepoint());
  session_->rollback();
  ASSERT_TRUE(session_->begin_write());
  EXPECT_TRUE(session_->run(kSum, {}));
  session_->rollback();
}

TEST_F(PostgresSessions, RunManyAtOnce) {
  constexpr int kMany = 1000;
  std::vector<std::string> names_of_rows;
  for (int i = 0; i < kMany; ++i) names_of_rows.push_back(fmt::format("row {}", i));
  std::vector<std::vector<Value>> rows;
  for (int i = 0; i < kMany; ++i)
    rows.push_back(
        {text(names_of_rows[static_cast<std::size_t>(i)]), i % 2 == 0 ? Value(i) : Value(), Value()});
  ASSERT_TRUE(session_->begin_write());
  ASSERT_TRUE(session_->savepoint());
  ASSERT_TRUE(session_->run_each(kTable, rows));
  ASSERT_TRUE(session_->release());
  ASSERT_TRUE(session_->savepoint());
  EXPECT_EQ(session_
                ->run_each(kTable, std::vector<std::vector<Value>>{{text("x"), Value(), Value()},
                                                                   {text("row 7"), Value(), Value()},
                                                                   {text("y"), Value(), Value()}})
                .error()
                .reason,
            Reason("row.exists"));
  ASSERT_TRUE(session_->rollback_to_savepoint());
  ASSERT_TRUE(session_->release());
  ASSERT_TRUE(session_->commit());
  EXPECT_EQ(names().size(), static_cast<std::size_t>(kMany) + 2) << "and the two that were there";
}

TEST_F(PostgresSessions, TakeNoCommitForGranted) {
  cluster().run("ALTER SYSTEM SET synchronous_standby_names = 'nobody'");
  cluster().run("SELECT pg_reload_conf()");
  ASSERT_TRUE(eventually([&] { return setting(*session_, "synchronous_standby_names") == "nobody"; }));
  // Commits wait from the moment at which the checkpointer, too, has seen the setting.
  Result<void> committed;
  std::jthread waits([&] {
    const auto write = [&]() -> Result<void> {
      TRY(session_->begin_write());
      TRY(session_->run(kSetNumber, std::array{Value(7), text("a")}));
      return session_->commit();
    };
    eventually([&] { return !(committed = write()); });
  });
  // The server tells by a warning only that it stopped to wait for the standby.
  constexpr Statement kCancel(
      "test.cancel", "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'");
  const auto admin = connect(url_);
  EXPECT_TRUE(eventually([&] {
    bool cancelled = false;
    EXPECT_TRUE(admin->run(kCancel, {}, [&cancelled](const Row& row) -> Result<void> {
      cancelled |= row.integer(0) == 1;
      return {};
    }));
    return cancelled;
  }));
  waits.join();
  cluster().run("ALTER SYSTEM RESET synchronous_standby_names");
  cluster().run("SELECT pg_reload_conf()");
  ASSERT_FALSE(committed);
  EXPECT_EQ(committed.error().reason, Reason("store.unreachable"));
}

TEST(PostgresPlan, TellsStepsThatReadWholeTablesOrSort) {
  struct Case {
    std::vector<std::string> plan, scans;
  };
  for (const auto& [plan, scans] : std::vector<Case>{
           {{"Index Scan using users_pkey on users", "  Index Cond: (id = $1)"}, {}},
           {{"Seq Scan on users", "  Filter: (name = $1)"}, {"Seq Scan on users"}},
           {{"Limit", "  ->  Index Only Scan using users_pkey on users", "  Filter: (x = $1)"},
            {"->  Index Only Scan using users_pkey on users"}},
           {{"Sort", "  Sort Key: name", "  ->  Index Scan using a on b", "        Index Cond: (c = $1)"},
            {"Sort"}},
           {{"Insert on users", "  ->  Result"}, {}},
           {{"Nested Loop", "  ->  Index Scan using a on b", "        Index Cond: (c = $1)",
             "  ->  Index Scan using d on e"},
            {"->  Index Scan using d on e"}},
       })
    EXPECT_EQ(scans_in(plan), scans) << plan.front();
}

}  // namespace
}  // namespace allauth::sql
