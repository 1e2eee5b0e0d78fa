// Hints between nodes on one database: they only save the wait for the next look at the log.
#include "store/testing/nodes.h"

namespace allauth::store {
namespace {

using testing::engines;
using testing::Node;
using testing::NodesTest;

constexpr Millis kNever = std::chrono::hours(1);

class HintsContract : public NodesTest {
 protected:
  HintsContract() { told_ = true; }

  static bool has_metric(const Node& node, const std::string& line) {
    return ("\n" + node.metrics.render()).find("\n" + line + "\n") != std::string::npos;
  }
  static bool eventually(const std::function<bool()>& condition) {
    const auto until = std::chrono::steady_clock::now() + Seconds(20);
    while (!condition()) {
      if (std::chrono::steady_clock::now() > until) return false;
      std::this_thread::sleep_for(Millis(5));
    }
    return true;
  }
  bool engine_tells() const {
    return database_->listen({.heard = [](auto) {}, .connected = [](bool) {}}) != nullptr;
  }
  void wait_until_listening(const Node& node) {
    EXPECT_TRUE(eventually([&] { return has_metric(node, R"(allauth_hints_connected{by="database"} 1)"); }));
  }
};

TEST_P(HintsContract, OnlyASharedEngineTells) { EXPECT_EQ(engine_tells(), GetParam().name != "sqlite"); }

TEST_P(HintsContract, ACommitIsSeenElsewhereThoughNobodyLooks) {
  if (!engine_tells()) GTEST_SKIP() << "this engine is in one process only";
  Node &one = start(kNever), &two = start(kNever);
  wait_until_listening(one);
  wait_until_listening(two);
  for (int i = 1; i <= 20; ++i) {
    auto& writer = i % 2 == 0 ? one : two;
    auto& reader = i % 2 == 0 ? two : one;
    const auto done = writer.put(fmt::format("u{}", i));
    ASSERT_TRUE(done);
    ASSERT_TRUE(reader.replica.wait_for(done->revision)) << i;
  }
  EXPECT_EQ(one.replica.rows_now(), two.replica.rows_now());
}

TEST_P(HintsContract, OnesOwnCommitsAreNoNews) {
  if (!engine_tells()) GTEST_SKIP() << "this engine is in one process only";
  Node &one = start(kNever), &two = start(kNever);
  wait_until_listening(one);
  wait_until_listening(two);
  for (int i = 1; i <= 20; ++i) ASSERT_TRUE(one.put(fmt::format("u{}", i)));
  ASSERT_TRUE(two.put("last"));  // heard by the first, after all that it has said itself
  ASSERT_TRUE(one.replica.wait_for(Revision{21}));
  // Counted once the writer was woken, which may have been quicker.
  EXPECT_TRUE(eventually([&] { return has_metric(one, R"(allauth_hints_received_total{by="database"} 1)"); }))
      << one.metrics.render();
}

TEST_P(HintsContract, AWriteThatIsNotCommittedIsNotTold) {
  if (!engine_tells()) GTEST_SKIP() << "this engine is in one process only";
  Node &one = start(kNever), &two = start(kNever);
  wait_until_listening(two);
  one.faults.plan(testing::FaultPoint::commit, 1,
                  {.code = Code::unavailable, .reason = "store.full", .message = "Full."});
  EXPECT_FALSE(one.put("lost"));
  ASSERT_TRUE(one.put("u1"));
  ASSERT_TRUE(two.replica.wait_for(Revision{1}));
  // Counted once the writer was woken, which may have been quicker.
  EXPECT_TRUE(eventually([&] { return has_metric(two, R"(allauth_hints_received_total{by="database"} 1)"); }))
      << two.metrics.render();
}

TEST_P(HintsContract, WhatIsKnownIsNotLookedFor) {
  Node &one = start(kNever), &two = start(kNever);
  const auto done = one.put("u1");
  ASSERT_TRUE(done);
  EXPECT_FALSE(one.store->hint(done->revision));
  two.store->hint(done->revision);
  EXPECT_TRUE(two.replica.wait_for(done->revision));
  EXPECT_TRUE(eventually([&] { return !two.store->hint(done->revision); }));
  EXPECT_TRUE(one.store->hint(Revision{1'000'000})) << "whoever says so may know more";
  EXPECT_TRUE(one.put("u2")) << "and if not, nothing came of it";
}

INSTANTIATE_TEST_SUITE_P(Engines, HintsContract, ::testing::ValuesIn(engines()),
                         [](const auto& tested) { return tested.param.name; });

}  // namespace
}  // namespace allauth::store
