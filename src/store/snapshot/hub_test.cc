// What the hub promises about time: how old an answer may be, and who waits for a newer one.
#include "store/snapshot/hub.h"

#include <gtest/gtest.h>

#include "policy/core_schema.h"
#include "store/retention.h"
#include "store/testing/nodes.h"

namespace allauth::store::testing {
namespace {

// Looks again and again; the test fails if it takes too long.
bool eventually(const std::function<bool()>& holds) {
  for (int i = 0; i < 30'000; ++i) {
    if (holds()) return true;
    std::this_thread::sleep_for(Millis(1));
  }
  return false;
}

class Hubs : public ::testing::Test {
 protected:
  void put(const std::string& id, std::uint64_t revision) {
    LogEntry entry{.revision = Revision{revision}};
    entry.images.push_back(*image_of(make_user(id)));
    hub.apply({{std::move(entry)}});
  }
  bool knows(std::string_view id) const { return hub.view()->thing("user", id).exists(); }

  ManualClock clock;
  Log log{clock, LogLevel::error, LogFormat::human, -1};
  Metrics metrics;
  SnapshotHub hub{policy::core_schema(), clock, log, metrics};
};

TEST_F(Hubs, GiveOutNothingThatIsTooOldAndRecoverWithTheNextContact) {
  put("u1", 1);
  hub.watch(Seconds(10));
  const auto before = hub.version();
  clock.advance(Seconds(10));
  hub.contact();
  clock.advance(Seconds(10));
  EXPECT_FALSE(hub.stale()) << "not longer than that";
  EXPECT_TRUE(hub.view()->check_usable());
  clock.advance(Millis(1));
  ASSERT_TRUE(eventually([&] { return hub.stale(); }));
  const auto refused = hub.view()->check_usable();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().reason, Reason("state.stale"));
  EXPECT_EQ(refused.error().code, Code::unavailable);
  EXPECT_TRUE(refused.error().retry_after.has_value());
  EXPECT_FALSE(knows("u1")) << "whoever does not ask whether it is usable finds nobody";
  EXPECT_EQ(hub.view()->revision(), Revision{1});
  const auto while_stale = hub.version();
  EXPECT_GT(while_stale, before) << "what was cached for the version before is asked again";
  EXPECT_NE(metrics.render().find("allauth_log_age_seconds 10.001"), std::string::npos) << metrics.render();
  hub.contact();
  EXPECT_FALSE(hub.stale());
  EXPECT_TRUE(hub.view()->check_usable());
  EXPECT_TRUE(knows("u1"));
  EXPECT_GT(hub.version(), while_stale);
}

TEST_F(Hubs, RecoverWithWhatWasWrittenMeanwhile) {
  hub.watch(Seconds(10));
  clock.advance(Seconds(11));
  ASSERT_TRUE(eventually([&] { return hub.stale(); }));
  put("u1", 1);
  EXPECT_FALSE(hub.stale());
  EXPECT_TRUE(knows("u1"));
}

TEST_F(Hubs, AreNeverStaleWhereTheSourceCannotBeMissed) {
  hub.watch(std::nullopt);
  put("u1", 1);
  clock.advance(std::chrono::hours(24));
  std::atomic<bool> looked = false;  // at the clock
  hub.when(Revision{2}, Millis(0), [&](Result<void>) { looked = true; });
  ASSERT_TRUE(eventually([&] { return looked.load(); }));
  EXPECT_FALSE(hub.stale());
  EXPECT_TRUE(knows("u1"));
  EXPECT_NE(metrics.render().find("allauth_log_age_seconds 0"), std::string::npos);
}

TEST_F(Hubs, KnowHowLongTheyHeardNothing) {
  clock.advance(Millis(300));
  EXPECT_EQ(hub.silence(), Millis(300));
  hub.contact();
  EXPECT_EQ(hub.silence(), Millis(0));
  hub.contact(Millis(40));
  EXPECT_EQ(hub.silence(), Millis(40));
  clock.advance(Millis(200));
  put("u1", 1);
  EXPECT_EQ(hub.silence(), Millis(0));
}

TEST_F(Hubs, SayThatTheyAreBrokenWhenAnEntryCannotBeApplied) {
  put("u1", 1);
  const Image broken{.kind = ImageKind::user, .key = "u2", .bytes = "\x07"};
  hub.apply({{LogEntry{.revision = Revision{2}, .images = {broken}}}});
  EXPECT_EQ(hub.view()->check_usable().error().reason, Reason("state.broken"));
  EXPECT_FALSE(knows("u1"));
}

TEST_F(Hubs, LetOthersWaitForARevision) {
  struct Waiting {
    std::atomic<bool> called = false;
    Result<void> result;
    RevisionWaiters::Then then() {
      return [this](Result<void> done) {
        result = std::move(done);
        called = true;
      };
    }
  };
  put("u1", 1);
  hub.watch(std::nullopt);
  Waiting there, soon, late, never;
  hub.when(Revision{1}, Seconds(1), there.then());
  EXPECT_TRUE(there.called && there.result) << "at once";
  hub.when(Revision{3}, Seconds(1), soon.then());
  hub.when(Revision{4}, Seconds(1), late.then());
  put("u2", 2);
  EXPECT_FALSE(soon.called);
  put("u3", 3);
  EXPECT_TRUE(soon.called && soon.result);
  EXPECT_FALSE(late.called);
  clock.advance(Seconds(1));
  ASSERT_TRUE(eventually([&] { return late.called.load(); }));
  EXPECT_EQ(late.result.error().reason, Reason("state.behind"));
  EXPECT_EQ(late.result.error().code, Code::unavailable);
  EXPECT_TRUE(late.result.error().retry_after.has_value());
  hub.when(Revision{9}, Seconds(1), never.then());
  hub.end_waits();
  EXPECT_TRUE(never.called && !never.result);
}

TEST(Waiters, AreLimitedInNumber) {
  RevisionWaiters waiters(2);
  std::vector<Result<void>> told;
  const auto wait = [&] {
    waiters.add(Revision{1}, Tick(Seconds(1)), [&](Result<void> done) { told.push_back(std::move(done)); });
  };
  for (int i = 0; i < 3; ++i) wait();
  ASSERT_EQ(told.size(), 1U);
  EXPECT_EQ(told[0].error().reason, Reason("server.busy"));
  waiters.reached(Revision{1});
  EXPECT_EQ(told.size(), 3U);
  wait();
  EXPECT_EQ(told.size(), 4U);
  EXPECT_TRUE(told.back());
  waiters.reached(Revision{0});  // the log was replaced by an older one
  wait();
  EXPECT_EQ(told.size(), 4U);
  waiters.close();
  EXPECT_EQ(told.size(), 5U);
  wait();
  EXPECT_EQ(told.size(), 6U);
  EXPECT_EQ(told.back().error().reason, Reason("state.behind"));
}

// A node whose database goes away answers for a while, then does not, and comes back by itself.
class HubsOnADatabase : public NodesTest {
 protected:
  SnapshotHub& follow(Node& node) {
    auto& hub = *hubs_.emplace_back(
        std::make_unique<SnapshotHub>(policy::core_schema(), manual_, log_, node.metrics));
    EXPECT_TRUE(hub.follow(*node.store));
    hub.watch(Seconds(300));
    return hub;
  }
  ManualClock manual_;
  std::vector<std::unique_ptr<SnapshotHub>> hubs_;  // longer alive than the nodes
};

TEST_P(HubsOnADatabase, AreStaleWhenTheDatabaseIsAwayForTooLong) {
  Node &one = start(), &two = start();
  auto& hub = follow(one);
  ASSERT_TRUE(two.put("u1"));
  ASSERT_TRUE(eventually([&] { return hub.view()->revision() == Revision{1}; }));
  one.faults.cut();
  ASSERT_TRUE(eventually([&] { return !one.put("u2"); }));
  manual_.advance(Seconds(299));
  EXPECT_TRUE(hub.view()->thing("user", "u1").exists()) << "what is known is good for a while";
  ASSERT_TRUE(two.put("u3"));
  manual_.advance(Seconds(2));
  ASSERT_TRUE(eventually([&] { return hub.stale(); }));
  EXPECT_FALSE(hub.view()->check_usable());
  one.faults.mend();
  ASSERT_TRUE(eventually([&] { return !hub.stale() && hub.view()->thing("user", "u3").exists(); }));
  EXPECT_TRUE(hub.view()->check_usable());
}

TEST_P(HubsOnADatabase, KnowWhatThereIsAfterALogThatDoesNotReachBackSoFar) {
  Node &one = start(), &two = start();
  auto& hub = follow(one);
  const auto knows = [&hub](std::string_view id) { return hub.view()->thing("user", id).exists(); };
  ASSERT_TRUE(two.put("u1"));
  ASSERT_TRUE(eventually([&] { return knows("u1"); }));
  one.faults.cut();
  ASSERT_TRUE(two.put("u2"));
  ASSERT_TRUE(two.write([](Tx& tx) { return erase(tx, make_user("u1")); }));
  ASSERT_TRUE(two.put("u3"));
  tamper({"UPDATE log_entries SET time = 0"});
  const auto session = database_->connect(sql::Database::Access::read_write).value();
  ASSERT_EQ(compact_some(*session, Millis(0))->rows, 4U);
  ASSERT_TRUE(drop_some_images(*session));
  EXPECT_TRUE(knows("u1"));
  one.faults.mend();
  ASSERT_TRUE(eventually([&] { return hub.view()->revision() == Revision{4}; }));
  EXPECT_TRUE(!knows("u1") && knows("u2") && knows("u3"));
  EXPECT_TRUE(hub.healthy());
  EXPECT_NE(one.metrics.render().find(R"(allauth_log_resyncs_total{cause="compacted"} 1)"),
            std::string::npos);
}

TEST_P(HubsOnADatabase, DoNotTakeSilenceForQuiet) {
  Node& node = start();
  auto& hub = follow(node);
  for (int i = 0; i < 10; ++i) {
    manual_.advance(Seconds(200));
    ASSERT_TRUE(eventually([&] { return hub.silence() < Seconds(100); })) << "nothing new is contact as well";
    EXPECT_FALSE(hub.stale());
  }
}

INSTANTIATE_TEST_SUITE_P(Engines, HubsOnADatabase, ::testing::ValuesIn(engines()),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace allauth::store::testing
