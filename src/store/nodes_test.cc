// Several nodes on one database: what each knows is what the log says, whatever happens to them.
#include "store/testing/nodes.h"

namespace allauth::store::testing {
namespace {

constexpr Millis kNever = std::chrono::hours(1);

class NodesContract : public NodesTest {
 protected:
  static Error given_up() { return {Code::unavailable, "store.serialization", "Given up."}; }
  static Result<void> nothing(Tx&) { return {}; }
  static bool has_metric(const Node& node, const std::string& line) {
    return node.metrics.render().find(line) != std::string::npos;
  }
  // Writes are refused until a poll has found that they need not be.
  static bool put_in_the_end(Node& node, const std::string& id) {
    for (int tries = 0; tries < 10'000; ++tries) {
      if (node.put(id)) return true;
      std::this_thread::sleep_for(Millis(1));
    }
    return false;
  }
  // The log without its newest entries, as a standby has it that did not get them.
  void forget_after(std::uint64_t revision) {
    tamper({fmt::format("DELETE FROM log_images WHERE revision > {}", revision),
            fmt::format("DELETE FROM log_entries WHERE revision > {}", revision),
            fmt::format("DELETE FROM users WHERE revision > {}", revision),
            fmt::format("UPDATE log_head SET revision = {}, batch = (SELECT batch FROM log_entries WHERE "
                        "revision = {})",
                        revision, revision)});
  }
};

TEST_P(NodesContract, SeeWhatTheOthersWroteWithoutAWriteOfTheirOwn) {
  Node &one = start(), &two = start();
  ASSERT_TRUE(one.put("u1"));
  ASSERT_TRUE(two.replica.wait_for(Revision{1}));
  ASSERT_TRUE(two.put("u2"));
  ASSERT_TRUE(one.replica.wait_for(Revision{2}));
  EXPECT_EQ(one.replica.rows_now(), two.replica.rows_now());
  EXPECT_TRUE(has_metric(two, "allauth_log_lag_seconds_count 1"));
}

TEST_P(NodesContract, MayAllStartAtOnceOnAnEmptyDatabase) {
  constexpr int kAtOnce = 4;
  std::vector<std::unique_ptr<Node>> nodes;
  for (int i = 0; i < kAtOnce; ++i) nodes.push_back(std::make_unique<Node>());
  std::vector<std::jthread> threads;
  for (auto& node : nodes)
    threads.emplace_back([this, &node = *node] {
      auto store = Store::open(options(node), std::make_unique<SharedDatabase>(database_));
      ASSERT_TRUE(store) << store.error().message << " " << store.error().detail;
      node.store = std::move(*store);
      EXPECT_TRUE(node.store->follow(node.replica.follower()));
      EXPECT_TRUE(node.put(fmt::format("u{}", static_cast<const void*>(&node))));
    });
  threads.clear();
  for (auto& node : nodes) {
    ASSERT_TRUE(node->replica.wait_for(Revision{kAtOnce}));
    EXPECT_EQ(node->replica.rows_now().size(), kAtOnce);
    EXPECT_EQ(node->replica.gaps, std::vector<std::string>());
    EXPECT_EQ(node->store->revision(), Revision{kAtOnce});
  }
}

TEST_P(NodesContract, LookAtOnceWhenTheyAreHinted) {
  Node &one = start(), &two = start(kNever);
  ASSERT_TRUE(one.put("u1"));
  two.store->hint();
  EXPECT_TRUE(two.replica.wait_for(Revision{1}));
}

TEST_P(NodesContract, CheckAWriteOnTheNewestStateHoweverSeldomTheyLook) {
  Node &one = start(), &two = start(kNever);
  ASSERT_TRUE(one.put("u1"));
  Revision seen{};
  const auto done = two.store->write<Done>({.recheck = [&]() -> Result<void> {
                                              two.replica.wait([&](const Replica& replica) {
                                                seen = replica.revision;
                                                return true;
                                              });
                                              return fail(Code::denied, "test.denied", "No.");
                                            },
                                            .run = [](Tx&) -> Result<Done> { return Done{}; }});
  EXPECT_EQ(done.error().reason, Reason("test.denied"));
  EXPECT_EQ(seen, Revision{1});
}

TEST_P(NodesContract, MayJoinWhileOthersWrite) {
  Node& writer = start();
  std::atomic<bool> stop = false;
  std::jthread busy([&] {
    for (int i = 0; !stop; ++i) EXPECT_TRUE(writer.put(fmt::format("u{}", i)));
  });
  for (int i = 0; i < 10; ++i) start();
  stop = true;
  busy.join();
  const auto end = writer.store->revision().value();
  for (const auto& node : nodes_) {
    ASSERT_TRUE(node->replica.wait_for(end));
    EXPECT_EQ(node->replica.gaps, std::vector<std::string>());
    EXPECT_EQ(node->replica.rows_now(), writer.replica.rows_now());
    EXPECT_EQ(node->replica.loads, 1);
  }
}

TEST_P(NodesContract, RunATransactionAgainThatTheDatabaseGaveUp) {
  Node& node = start();
  ASSERT_TRUE(node.put("u0"));
  struct Case {
    FaultPoint point;
    std::string statement;
  };
  std::uint64_t revision = 1;
  for (const auto& c : {Case{FaultPoint::run, "log.lock_head"}, Case{FaultPoint::run, "users"},
                        Case{FaultPoint::run, "log.insert_entry"}, Case{FaultPoint::run, "log.move_head"},
                        Case{FaultPoint::commit, ""}}) {
    node.faults.plan(c.point, 1, given_up(), c.statement);
    std::atomic<int> runs = 0;
    const auto done = node.write([&runs, revision](Tx& tx) {
      ++runs;
      auto user = make_user(fmt::format("u{}", revision));
      return insert(tx, user);
    });
    ASSERT_TRUE(done) << c.statement << done.error().message;
    EXPECT_EQ(done->revision, Revision{++revision});
    EXPECT_EQ(runs, c.statement == "log.lock_head" ? 1 : 2) << c.statement;
  }
  EXPECT_EQ(node.replica.gaps, std::vector<std::string>());
  EXPECT_TRUE(has_metric(node, "allauth_store_given_up_total 5"));
}

// Else a write that swallows an error would be committed without what failed.
TEST_P(NodesContract, RunItAgainWhateverTheWriteMadeOfTheError) {
  Node& node = start();
  node.faults.plan(FaultPoint::run, 1, given_up(), "users");
  const auto done = node.write([](Tx& tx) -> Result<void> {
    auto user = make_user("u1");
    if (!insert(tx, user)) return fail(Code::conflict, "test.taken", "It is taken.");
    return {};
  });
  EXPECT_TRUE(done);
  EXPECT_EQ(node.replica.rows_now().size(), 1U);
}

TEST_P(NodesContract, GiveUpAWriteThatTheDatabaseGivesUpForEver) {
  Node& node = start();
  for (int i = 0; i < 100; ++i) node.faults.plan(FaultPoint::commit, 1, given_up());
  const auto done = node.put("u1");
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, Code::unavailable);
  EXPECT_EQ(done.error().reason, Reason("store.serialization"));
  EXPECT_TRUE(done.error().retry_after.has_value());
}

TEST_P(NodesContract, AnswerAtOnceWhileTheDatabaseIsAwayAndRecoverByThemselves) {
  Node &one = start(), &two = start();
  ASSERT_TRUE(one.put("u1"));
  one.faults.cut();
  std::optional<Error> first;
  ASSERT_TRUE(one.replica.wait([](const Replica&) { return true; }));
  while (!first)  // the cut is found by a poll or by this write
    if (auto done = one.put("u2"); !done) first = done.error();
  EXPECT_EQ(first->code, Code::unavailable);
  EXPECT_EQ(first->reason, Reason("store.unreachable"));
  EXPECT_TRUE(first->retry_after.has_value());
  std::optional<Error> at_once;
  one.store->submit<Done>(
      {.recheck = {}, .run = [](Tx&) -> Result<Done> { return Done{}; }},
      [&](Result<Committed<Done>> done) { at_once = done ? std::nullopt : std::optional(done.error()); });
  EXPECT_TRUE(at_once) << "not answered at once";
  ASSERT_TRUE(two.put("u3")) << "it is away for the other one only";
  one.faults.mend();
  ASSERT_TRUE(one.replica.wait_for(two.store->revision().value()));
  EXPECT_TRUE(put_in_the_end(one, "u4"));
  EXPECT_EQ(one.replica.gaps, std::vector<std::string>());
}

TEST_P(NodesContract, TellThatACommitIsInDoubtAndFindOutLater) {
  Node& node = start(kNever);
  node.faults.plan(FaultPoint::after_commit, 1, {Code::unavailable, "store.unreachable", "Gone."});
  const auto done = node.put("u1");
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().reason, Reason("store.in_doubt"));
  node.store->hint();
  EXPECT_TRUE(node.replica.wait_for(Revision{1}));
}

TEST_P(NodesContract, SoundTheAlarmWhenTheLogGoesBackAndReadTheStateAnew) {
  Node& node = start();
  for (const char* id : {"u1", "u2", "u3"}) ASSERT_TRUE(node.put(id));
  forget_after(2);
  ASSERT_TRUE(node.replica.wait([](const Replica& replica) { return replica.loads == 2; }));
  EXPECT_EQ(node.replica.rows_now().size(), 2U);
  EXPECT_TRUE(has_metric(node, R"(allauth_log_resyncs_total{cause="replaced"} 1)"));
  ASSERT_TRUE(put_in_the_end(node, "u4"));
  EXPECT_EQ(node.store->revision(), Revision{3});
}

TEST_P(NodesContract, NoticeAnotherHistoryThatHasOvertakenTheirs) {
  for (const int further : {1, 2, 5}) {  // short of, level with, and beyond what was known
    Node &away = start(kNever), &other = start(kNever);
    const auto kept = away.put(fmt::format("kept {}", further));
    ASSERT_TRUE(kept);
    for (int i = 0; i < 2; ++i) ASSERT_TRUE(away.put(fmt::format("lost {} {}", further, i)));
    forget_after(to_number(kept->revision));
    // The other one may have looked at the log once, just after it had joined.
    for (int i = 0; i < further; ++i)
      ASSERT_TRUE(put_in_the_end(other, fmt::format("new {} {}", further, i)));
    // A write of the node that has not looked for long is not let through on what it knows.
    std::atomic<int> checks = 0;
    const auto write = away.store->write<Done>({.recheck = [&]() -> Result<void> {
                                                  ++checks;
                                                  return {};
                                                },
                                                .run = [](Tx&) -> Result<Done> { return Done{}; }});
    ASSERT_FALSE(write);
    EXPECT_EQ(write.error().reason, Reason("store.resync"));
    EXPECT_EQ(write.error().code, Code::unavailable);
    EXPECT_EQ(checks, 0);
    ASSERT_TRUE(away.replica.wait([](const Replica& replica) { return replica.loads == 2; }));
    EXPECT_EQ(away.replica.rows_now(), other.replica.rows_now());
    EXPECT_TRUE(has_metric(away, R"(allauth_log_resyncs_total{cause="replaced"} 1)"));
    nodes_.clear();
  }
}

TEST_P(NodesContract, TakeNoWritesUntilTheStateIsReadAnew) {
  Node& node = start();
  ASSERT_TRUE(node.put("u1"));
  ASSERT_TRUE(node.put("u2"));
  node.replica.refuse_loads(true);
  forget_after(1);
  ASSERT_TRUE(node.replica.wait([](const Replica& replica) { return replica.refused_loads > 0; }));
  const auto refused = node.put("u3");
  EXPECT_EQ(refused.error().code, Code::unavailable);
  EXPECT_TRUE(refused.error().retry_after.has_value());
  node.replica.refuse_loads(false);
  ASSERT_TRUE(node.replica.wait([](const Replica& replica) { return replica.loads == 2; }));
  EXPECT_TRUE(put_in_the_end(node, "u3"));
}

INSTANTIATE_TEST_SUITE_P(Engines, NodesContract, ::testing::ValuesIn(engines()),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace allauth::store::testing
