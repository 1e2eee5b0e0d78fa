// The small parts of a session by themselves.
#include <gtest/gtest.h>

#include "mqtt/ack_queue.h"
#include "mqtt/session_rig.h"
#include "mqtt/verdict_cache.h"

namespace allauth::mqtt {
namespace {

TEST(AckQueue, local_answers_wait_for_older_foreign_ones) {
  AckQueue queue;
  std::string out;
  queue.answer("a", out);
  EXPECT_EQ(out, "a");
  queue.expect(1);
  queue.answer("b", out);
  queue.expect(2);
  EXPECT_TRUE(queue.expects(1) && queue.expects(2) && !queue.expects(3));
  EXPECT_TRUE(queue.arrived(2, "2", out));
  EXPECT_FALSE(queue.expects(2));
  EXPECT_EQ(out, "a");
  EXPECT_EQ(queue.size(), 3u);
  EXPECT_TRUE(queue.arrived(1, "1", out));
  EXPECT_EQ(out, "a1b2");
  EXPECT_EQ(queue.size(), 0u);
  EXPECT_FALSE(queue.arrived(1, "1", out));
}

TEST(AckQueue, an_id_used_again_is_answered_twice) {
  AckQueue queue;
  std::string out;
  queue.expect(1);
  queue.expect(1);
  EXPECT_TRUE(queue.arrived(1, "x", out));
  EXPECT_TRUE(queue.arrived(1, "y", out));
  EXPECT_EQ(out, "xy");
}

TEST(AckQueue, a_long_run_keeps_order_and_count) {
  AckQueue queue;
  std::string out, expected;
  for (std::uint16_t id = 1; id <= 1000; ++id) {
    queue.expect(id);
    if (id > 10) {
      const auto acked = static_cast<std::uint16_t>(id - 10);
      EXPECT_TRUE(queue.arrived(acked, fmt::format("{},", acked), out));
      expected += fmt::format("{},", acked);
    }
  }
  EXPECT_EQ(out, expected);
  EXPECT_EQ(queue.size(), 10u);
}

TEST(VerdictCache, knows_one_revision_and_tells_retain_apart) {
  VerdictCache cache;
  EXPECT_EQ(cache.find("a", false, 1), nullptr);
  cache.put("a", false, {Verdict::grant("ok"), "x"});
  ASSERT_NE(cache.find("a", false, 1), nullptr);
  EXPECT_EQ(cache.find("a", false, 1)->topic, "x");
  EXPECT_EQ(cache.find("a", true, 1), nullptr);
  EXPECT_EQ(cache.find("a", false, 2), nullptr);
  EXPECT_EQ(cache.find("a", false, 2), nullptr);
}

TEST(VerdictCache, is_bounded) {
  VerdictCache cache;
  cache.find("", false, 1);
  std::size_t known = 0;
  for (std::size_t i = 0; i < 10 * VerdictCache::kMaxEntries; ++i)
    cache.put(std::to_string(i), false, {Verdict::grant("ok"), {}});
  for (std::size_t i = 0; i < 10 * VerdictCache::kMaxEntries; ++i)
    known += cache.find(std::to_string(i), false, 1) != nullptr;
  EXPECT_LE(known, VerdictCache::kMaxEntries);
  EXPECT_GT(known, 0u);
}

}  // namespace
}  // namespace allauth::mqtt
