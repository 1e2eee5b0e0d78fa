// The small parts of a session by themselves.
#include <gtest/gtest.h>

#include "mqtt/ack_queue.h"
#include "mqtt/pings.h"
#include "mqtt/revocations.h"
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
  EXPECT_TRUE(queue.arrived(2, "2", out));
  PacketIds used;
  queue.mark(used);
  EXPECT_TRUE(used[1] && !used[2]);  // the other side is done with 2
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

TEST(PacketIds, the_highest_free_one_is_found) {
  PacketIds used;
  EXPECT_EQ(highest_free(used), 65535);
  used.set(65535);
  EXPECT_EQ(highest_free(used), 65534);
  used.set();
  used.reset(0).reset(3);
  EXPECT_EQ(highest_free(used), 3);
  used.set(3);
  EXPECT_EQ(highest_free(used), 0);
}

TEST(Revocations, go_one_request_at_a_time_and_no_larger_than_allowed) {
  Revocations revocations;
  EXPECT_FALSE(revocations.ready());
  for (const auto* filter : {"bbbb", "aaaa", "cccc", "dddd", "aaaa"}) revocations.add(filter);
  revocations.drop("cccc");
  revocations.drop("zzzz");
  ASSERT_TRUE(revocations.ready());
  EXPECT_EQ(revocations.begin(7, 8 + 2 * 6, Tick{}), (std::vector<std::string>{"aaaa", "bbbb"}));
  EXPECT_EQ(revocations.request(), 7);
  EXPECT_FALSE(revocations.ready());
  EXPECT_FALSE(revocations.answered(8));
  EXPECT_TRUE(revocations.answered(7));
  EXPECT_FALSE(revocations.answered(7));
  EXPECT_EQ(revocations.begin(7, 1, Tick{}), std::vector<std::string>{"dddd"});  // one at least
  EXPECT_TRUE(revocations.answered(7));
  EXPECT_FALSE(revocations.ready());
}

TEST(Pings, answers_go_in_order_to_who_asked) {
  Pings pings;
  EXPECT_FALSE(pings.answered());
  pings.client_asks();
  pings.we_ask(Tick{});
  pings.client_asks();
  EXPECT_TRUE(pings.answered());
  EXPECT_TRUE(pings.own());
  EXPECT_FALSE(pings.answered());
  EXPECT_FALSE(pings.own());
  EXPECT_TRUE(pings.answered());
  EXPECT_FALSE(pings.answered());
}

TEST(VerdictCache, knows_one_revision) {
  VerdictCache cache;
  EXPECT_EQ(cache.find("a", {}, 1), nullptr);
  cache.put("a", {}, {Verdict::grant("ok"), "x"});
  ASSERT_NE(cache.find("a", {}, 1), nullptr);
  EXPECT_EQ(cache.find("a", {}, 1)->topic, "x");
  EXPECT_EQ(cache.find("a", {}, 2), nullptr);
  EXPECT_EQ(cache.find("a", {}, 2), nullptr);
}

TEST(VerdictCache, tells_apart_what_answers_depended_on) {
  const Asked plain, retained{.retain = true}, qos_1{.qos = 1};
  struct Case {
    DependsOn depends_on;
    bool plain, retained, qos_1;  // known after an answer to a plain question
  };
  for (const auto& c :
       {Case{{}, true, true, true}, Case{{.retain = true}, true, false, true},
        Case{{.qos = true}, true, true, false}, Case{{.properties = true}, false, false, false}}) {
    VerdictCache cache;
    cache.find("a", plain, 1);
    cache.put("a", plain, {.verdict = Verdict::grant("ok"), .depends_on = c.depends_on});
    EXPECT_EQ(cache.find("a", plain, 1) != nullptr, c.plain);
    EXPECT_EQ(cache.find("a", retained, 1) != nullptr, c.retained);
    EXPECT_EQ(cache.find("a", qos_1, 1) != nullptr, c.qos_1);
  }
}

TEST(VerdictCache, is_bounded) {
  VerdictCache cache;
  cache.find("", {}, 1);
  std::size_t known = 0;
  for (std::size_t i = 0; i < 10 * VerdictCache::kMaxEntries; ++i)
    cache.put(std::to_string(i), {}, {Verdict::grant("ok")});
  for (std::size_t i = 0; i < 10 * VerdictCache::kMaxEntries; ++i)
    known += cache.find(std::to_string(i), {}, 1) != nullptr;
  EXPECT_LE(known, VerdictCache::kMaxEntries);
  EXPECT_GT(known, 0u);
}

}  // namespace
}  // namespace allauth::mqtt
