#include "base/rate_table.h"

#include <atomic>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace allauth {
namespace {

using std::chrono::nanoseconds;

constexpr Tick at(std::int64_t millis) { return Tick(Millis(1'000'000 + millis)); }

int taken(RateTable& table, std::uint64_t key, const Rate& rate, Tick now, int tries) {
  int count = 0;
  for (int i = 0; i < tries; ++i)
    if (!table.take(key, rate, now)) ++count;
  return count;
}

TEST(RateTable, gives_the_burst_at_once_and_then_so_many_per_second) {
  RateTable table(1);
  const Rate rate{.count = 10, .burst = 30};
  EXPECT_EQ(taken(table, 7, rate, at(0), 100), 30);
  EXPECT_EQ(taken(table, 7, rate, at(99), 100), 0);
  EXPECT_EQ(taken(table, 7, rate, at(100), 100), 1);
  EXPECT_EQ(taken(table, 7, rate, at(1100), 100), 10);
  EXPECT_EQ(taken(table, 7, rate, at(60'000), 100), 30) << "a bucket never holds more than its burst";
}

TEST(RateTable, says_how_long_to_wait_and_is_right) {
  RateTable table(1);
  const Rate rate{.count = 4, .burst = 2};
  ASSERT_EQ(taken(table, 7, rate, at(0), 2), 2);
  const auto wait = table.take(7, rate, at(100));
  ASSERT_TRUE(wait);
  EXPECT_EQ(*wait, nanoseconds(Millis(150)));
  EXPECT_TRUE(table.take(7, rate, at(249)));
  EXPECT_FALSE(table.take(7, rate, at(250)));
}

TEST(RateTable, limits_nothing_with_a_rate_of_zero_and_one_at_a_time_without_burst) {
  RateTable table(1);
  EXPECT_EQ(taken(table, 7, Rate{}, at(0), 1000), 1000);
  EXPECT_EQ(taken(table, 7, Rate{.count = 5, .burst = 0}, at(0), 10), 1);
}

TEST(RateTable, keys_differ_by_scope_name_number_and_seed) {
  const RateTable table(1);
  EXPECT_NE(table.key(1, "alpha"), table.key(2, "alpha"));
  EXPECT_NE(table.key(1, "alpha"), table.key(1, "alphb"));
  EXPECT_NE(table.key(1, "longer than eight"), table.key(1, "longer than eighu"));
  EXPECT_NE(table.key(1, std::string_view("a\0", 2)), table.key(1, "a"));
  EXPECT_NE(table.key(1, 5), table.key(1, 6));
  EXPECT_NE(table.key(1, "alpha"), RateTable(2).key(1, "alpha"));
}

TEST(RateTable, a_million_sources_neither_grow_it_nor_hide_the_one_that_asks_too_much) {
  RateTable table(42, 4096);
  const Rate rate{.count = 10, .burst = 30};
  const auto noisy = table.key(0, 4711);
  std::int64_t granted = 0;
  for (std::uint64_t i = 0; i < 1'000'000; ++i) {
    const Tick now = at(static_cast<std::int64_t>(i / 1000));  // a second in all
    if (i % 100 == 0 && !table.take(noisy, rate, now)) ++granted;
    EXPECT_FALSE(table.take(table.key(0, 1'000'000 + i), rate, now)) << "a source that asks once is let in";
  }
  EXPECT_LE(granted, 40) << "ten thousand tries in a second: the burst and ten more";
  EXPECT_GE(granted, 39);
}

TEST(RateTable, threads_share_a_bucket_exactly) {
  RateTable table(1);
  std::atomic<int> granted{0};
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t)
      threads.emplace_back([&] { granted += taken(table, 7, {.count = 1, .burst = 500}, at(0), 1000); });
  }
  EXPECT_EQ(granted, 500);
}

TEST(RateTable, counts_by_the_hour_as_well) {
  RateTable table(1);
  const Rate rate{.count = 6, .burst = 2, .per = Seconds(3600)};
  EXPECT_EQ(taken(table, 7, rate, at(0), 100), 2);
  EXPECT_EQ(taken(table, 7, rate, at(599'999), 100), 0);
  EXPECT_EQ(taken(table, 7, rate, at(600'000), 100), 1);
}

TEST(RateTable, looking_takes_nothing_and_forgetting_gives_all_back) {
  RateTable table(1);
  const Rate rate{.count = 1, .burst = 2};
  for (int i = 0; i < 10; ++i) EXPECT_FALSE(table.wait(7, rate, at(0)));
  EXPECT_EQ(taken(table, 7, rate, at(0), 100), 2);
  EXPECT_EQ(table.wait(7, rate, at(250)), nanoseconds(Millis(750)));
  EXPECT_FALSE(table.wait(8, rate, at(250)));
  table.forget(8);
  table.forget(7);
  EXPECT_FALSE(table.wait(7, rate, at(250)));
  EXPECT_EQ(taken(table, 7, rate, at(250), 100), 2);
  EXPECT_FALSE(table.wait(9, Rate{}, at(0)));
}

}  // namespace
}  // namespace allauth
