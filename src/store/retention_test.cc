// What the log forgets, and how those who follow it learn of that.
#include "store/retention.h"

#include "store/testing/nodes.h"

namespace allauth::store::testing {
namespace {

constexpr Millis kHour = std::chrono::hours(1);

class RetentionContract : public NodesTest {
 protected:
  // Ten entries with three images each, made 10, 9 … 1 hours ago; and half an hour on top.
  void fill(Node& node) {
    for (int i = 0; i < 10; ++i)
      ASSERT_TRUE(node.write([i](Tx& tx) -> Result<void> {
        for (int n = 0; n < 3; ++n) {
          auto user = make_user(fmt::format("u{}.{}", i, n));
          TRY(insert(tx, user));
        }
        return {};
      }));
    tamper({"UPDATE log_entries SET time = time - 3600000 * (11 - revision) - 1800000"});
    log_ = node.store->read_log({}, 100).value();
  }
  // Keeps as many entries and no more, as fill() made them.
  static Millis hours(int hours) { return hours * kHour + std::chrono::minutes(50); }
  std::unique_ptr<sql::Session> session() {
    return database_->connect(sql::Database::Access::read_write).value();
  }
  static std::int64_t number(sql::Session& session, const sql::Statement& statement) {
    std::int64_t number = -1;
    EXPECT_TRUE(session.run(statement, {}, [&number](const sql::Row& row) -> Result<void> {
      number = row.integer(0);
      return {};
    }));
    return number;
  }
  static std::int64_t images(sql::Session& session) {
    return number(session, {"test.images", "SELECT count(*) FROM log_images"});
  }
  static std::int64_t acts(sql::Session& session) {
    return number(session, {"test.acts", "SELECT count(*) FROM log_entries"});
  }
  // The rows that each step took.
  static std::vector<std::size_t> steps(const std::function<Result<Taken>()>& step) {
    std::vector<std::size_t> rows;
    for (bool more = true; more;) {
      const auto taken = step();
      EXPECT_TRUE(taken) << taken.error().message << " " << taken.error().detail;
      if (!taken) break;
      rows.push_back(taken->rows);
      more = taken->more;
    }
    return rows;
  }
  static void compact(sql::Session& session, Millis keep) {
    steps([&] { return compact_some(session, keep); });
    steps([&] { return drop_some_images(session); });
  }
  static Reason read_from(Node& node, const LogCursor& cursor) {
    const auto entries = node.store->read_log(cursor, 100);
    return entries ? Reason("ok") : entries.error().reason;
  }
  template <class Fn>
  static bool eventually(Fn holds) {
    for (int i = 0; i < 30'000; ++i) {
      if (holds()) return true;
      std::this_thread::sleep_for(Millis(1));
    }
    return false;
  }
  static bool has_metric(const Node& node, const std::string& line) {
    return node.metrics.render().find(line) != std::string::npos;
  }
  using Rows = std::vector<std::size_t>;

  std::vector<LogEntry> log_;
};

TEST_P(RetentionContract, KnowsHowOldTheLogIsByTheClockOfTheDatabase) {
  Node& node = start();
  const auto at = session();
  EXPECT_EQ(read_log_age(*at)->images, Millis(0));
  EXPECT_EQ(read_log_age(*at)->acts, Millis(0));
  fill(node);
  compact(*at, hours(6));
  const auto age = read_log_age(*at);
  ASSERT_TRUE(age);
  EXPECT_GE(age->images, 6 * kHour + kHour / 2);
  EXPECT_LT(age->images, 7 * kHour);
  EXPECT_GE(age->acts, 10 * kHour + kHour / 2);
  EXPECT_LT(age->acts, 11 * kHour);
}

TEST_P(RetentionContract, TakesOldImagesAwayInBoundedStepsAndKeepsTheActs) {
  Node& node = start();
  fill(node);
  const auto at = session();
  const RetentionStep step{.entries = 3, .images = 5};
  EXPECT_EQ(steps([&] { return compact_some(*at, hours(6), step); }), (Rows{3, 1}));
  EXPECT_EQ(read_head(*at)->compacted, cursor_after(log_[3]));
  EXPECT_EQ(images(*at), 30) << "said before it is done";
  EXPECT_TRUE(read_log_age(*at)->unfinished);
  EXPECT_EQ(read_from(node, {}), Reason("log.compacted"));
  EXPECT_EQ(read_from(node, cursor_after(log_[2])), Reason("log.compacted"));
  EXPECT_EQ(steps([&] { return drop_some_images(*at, step); }), (Rows{5, 5, 2}));
  EXPECT_FALSE(read_log_age(*at)->unfinished);
  EXPECT_EQ(images(*at), 18);
  EXPECT_EQ(acts(*at), 10);
  const auto rest = node.store->read_log(cursor_after(log_[3]), 100);
  ASSERT_TRUE(rest) << rest.error().message;
  EXPECT_EQ(*rest, std::vector<LogEntry>(log_.begin() + 4, log_.end()));
  EXPECT_EQ(read_from(node, {log_[3].revision, 77}), Reason("log.replaced"));
}

TEST_P(RetentionContract, TakesActsAwayMuchLaterAndOnlyWhereImagesAreGone) {
  Node& node = start();
  fill(node);
  const auto at = session();
  compact(*at, hours(4));
  const RetentionStep step{.entries = 3};
  EXPECT_EQ(steps([&] { return drop_some_acts(*at, hours(6), step); }), (Rows{3, 1}));
  EXPECT_EQ(acts(*at), 6);
  EXPECT_EQ(steps([&] { return drop_some_acts(*at, Millis(0), step); }), (Rows{2}));
  EXPECT_EQ(acts(*at), 4) << "those with images stay";
  EXPECT_EQ(read_from(node, cursor_after(log_[5])), Reason("ok")) << "its own act is not needed";
  EXPECT_EQ(read_from(node, {log_[5].revision, 77}), Reason("log.replaced"));
  ASSERT_EQ(steps([&] { return compact_some(*at, Millis(0)); }), (Rows{4}));
  EXPECT_EQ(steps([&] { return drop_some_acts(*at, Millis(0)); }), (Rows{0}))
      << "their images are there still";
}

TEST_P(RetentionContract, LeavesALogThatCanBeWrittenAndFollowed) {
  Node& node = start();
  fill(node);
  const auto at = session();
  compact(*at, Millis(0));
  steps([&] { return drop_some_acts(*at, Millis(0)); });
  EXPECT_EQ(acts(*at) + images(*at), 0);
  EXPECT_EQ(node.store->revision(), Revision{10});
  ASSERT_TRUE(node.put("u1"));
  EXPECT_EQ(node.replica.loads, 1) << "who is at the end of the log needs nothing of what is gone";
  Node& other = start();
  ASSERT_TRUE(other.put("u2"));
  ASSERT_TRUE(node.replica.wait_for(Revision{12}));
  EXPECT_EQ(node.replica.rows_now(), other.replica.rows_now());
  EXPECT_EQ(node.replica.gaps, std::vector<std::string>());
}

TEST_P(RetentionContract, MakesANodeThatWasAwayForTooLongReadTheStateAnew) {
  Node& writer = start();
  Node& away = start();
  away.faults.cut();
  fill(writer);
  const auto at = session();
  compact(*at, hours(6));
  away.faults.mend();
  ASSERT_TRUE(away.replica.wait([](const Replica& replica) { return replica.loads == 2; }));
  EXPECT_EQ(away.replica.rows_now(), writer.replica.rows_now());
  EXPECT_TRUE(has_metric(away, R"(allauth_log_resyncs_total{cause="compacted"} 1)"));
  EXPECT_TRUE(has_metric(away, R"(allauth_log_resyncs_total{cause="replaced"} 0)"));
}

// A clock that was ahead keeps more; one that was behind loses nothing of the others.
TEST_P(RetentionContract, NeverGoesBeyondAnEntryThatIsNotOldYet) {
  Node& node = start();
  fill(node);
  tamper({"UPDATE log_entries SET time = time + 25200000 WHERE revision = 3",
          "UPDATE log_entries SET time = 0 WHERE revision = 6"});
  const auto at = session();
  EXPECT_EQ(steps([&] { return compact_some(*at, hours(4)); }), (Rows{2}));
  EXPECT_EQ(steps([&] { return compact_some(*at, Millis(0)); }), (Rows{8}));
}

TEST_P(RetentionContract, HasNothingToDoWhereAllIsNew) {
  Node& node = start();
  fill(node);
  const auto at = session();
  EXPECT_EQ(steps([&] { return compact_some(*at, hours(10)); }), (Rows{0}));
  EXPECT_EQ(steps([&] { return drop_some_images(*at); }), (Rows{0}));
  EXPECT_EQ(steps([&] { return drop_some_acts(*at, Millis(0)); }), (Rows{0}));
  EXPECT_EQ(acts(*at), 10);
  EXPECT_EQ(images(*at), 30);
}

TEST_P(RetentionContract, IsTheWorkOfAStoreThatIsToldSo) {
  fill(start());
  const auto at = session();
  Node& keeper = start_with(
      [](StoreOptions& options) { options.retention = Retention{.images = hours(4), .acts = hours(8)}; });
  ASSERT_TRUE(eventually([&] { return acts(*at) == 8; }));
  EXPECT_EQ(images(*at), 12);
  keeper.store->close();
  EXPECT_TRUE(has_metric(keeper, R"(allauth_log_dropped_total{what="images"} 18)"));
  EXPECT_TRUE(has_metric(keeper, R"(allauth_log_dropped_total{what="acts"} 2)"));
  EXPECT_FALSE(has_metric(keeper, R"(allauth_log_oldest_seconds{what="acts"} 0)"));
}

TEST_P(RetentionContract, EndsWhatAKilledOneHasBegun) {
  fill(start());
  const auto at = session();
  steps([&] { return compact_some(*at, hours(6)); });
  drop_some_images(*at, {.images = 5}).value();
  start_with([](StoreOptions& options) { options.retention = Retention{}; });
  EXPECT_TRUE(eventually([&] { return images(*at) == 18; }));
}

TEST_P(RetentionContract, MayBeTheWorkOfSeveralWhileOthersWrite) {
  const auto keep_little = [](StoreOptions& options) {
    options.retention = Retention{.images = Millis(500), .acts = Millis(1000)};
  };
  Node &one = start_with(keep_little), &two = start_with(keep_little);
  const auto at = session();
  int written = 0;
  for (; written < 200 || !to_number(read_head(*at)->compacted.revision); ++written) {
    Node& node = written % 2 == 0 ? one : two;
    const std::string id = fmt::format("u{}", written);
    ASSERT_TRUE(eventually([&] { return node.put(id).has_value(); }));  // one that was slow may have to load
  }
  ASSERT_TRUE(eventually([&] { return images(*at) == 0 && acts(*at) == 0; }));
  for (Node* node : {&one, &two}) {
    ASSERT_TRUE(node->replica.wait_for(static_cast<Revision>(written)));
    EXPECT_EQ(node->replica.gaps, std::vector<std::string>());
    EXPECT_EQ(node->replica.rows_now().size(), static_cast<std::size_t>(written));
  }
}

INSTANTIATE_TEST_SUITE_P(Engines, RetentionContract, ::testing::ValuesIn(engines()),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace allauth::store::testing
