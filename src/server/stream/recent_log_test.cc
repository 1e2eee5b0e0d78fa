#include "server/stream/recent_log.h"

#include <future>

#include <gtest/gtest.h>

namespace allauth::server {
namespace {

using store::AppliedBatch;

AppliedBatch batch(std::uint64_t first, std::uint64_t last, std::size_t bytes = 10) {
  AppliedBatch made;
  for (auto revision = first; revision <= last; ++revision)
    made.entries.push_back(
        {.revision = Revision{revision},
         .tag = 7,
         .images = {{.kind = ImageKind::user, .key = "u", .bytes = std::string(bytes, 'x')}}});
  return made;
}

class RecentLogs : public ::testing::Test {
 protected:
  RecentLogs() { log.set_wanted(true); }

  // What somebody who stands after `revision` gets without waiting.
  RecentLog::Next after(std::uint64_t revision) { return log.wait_after(place(revision), Millis(0)); }
  RecentLog::Place place(std::uint64_t revision) const { return {{Revision{revision}, 7}, history}; }
  static std::vector<std::uint64_t> lasts(const RecentLog::Next& next) {
    std::vector<std::uint64_t> found;
    for (const auto& one : next.batches) found.push_back(to_number(one->entries.back().revision));
    return found;
  }

  RecentLog log{10'000};
  std::uint64_t history = log.wait_after({}, Millis(0)).history;
};

TEST_F(RecentLogs, GivesWhatFollowsAPlaceAlsoFromTheMiddleOfABatch) {
  log.append(batch(1, 3));
  log.append(batch(4, 4));
  EXPECT_EQ(lasts(after(0)), (std::vector<std::uint64_t>{3, 4}));
  EXPECT_EQ(lasts(after(2)), (std::vector<std::uint64_t>{3, 4}));
  EXPECT_EQ(lasts(after(3)), (std::vector<std::uint64_t>{4}));
  EXPECT_TRUE(after(4).batches.empty());
  EXPECT_FALSE(after(4).elsewhere);
}

TEST_F(RecentLogs, SendWhoStandsBeforeTheirOldestEntryElsewhere) {
  log.append(batch(10, 12));
  EXPECT_TRUE(after(8).elsewhere);
  EXPECT_TRUE(after(8).batches.empty());
  EXPECT_FALSE(after(9).elsewhere);
}

TEST_F(RecentLogs, ForgetTheOldestWhenThereIsTooMuch) {
  for (std::uint64_t revision = 1; revision <= 100; ++revision) log.append(batch(revision, revision, 1000));
  EXPECT_TRUE(after(0).elsewhere);
  EXPECT_TRUE(after(50).elsewhere);
  EXPECT_EQ(lasts(after(99)), (std::vector<std::uint64_t>{100}));
  log.append(batch(101, 101, 20'000));
  EXPECT_TRUE(after(100).elsewhere) << "larger than all that is kept";
  log.append(batch(102, 102));
  EXPECT_TRUE(after(100).elsewhere);
  EXPECT_FALSE(after(101).elsewhere);
}

TEST_F(RecentLogs, KeepNothingWhileNobodyWantsThem) {
  log.append(batch(1, 1));
  log.set_wanted(false);
  log.append(batch(2, 2));
  EXPECT_TRUE(after(0).elsewhere) << "they are in the database";
  log.set_wanted(true);
  log.append(batch(3, 3));
  EXPECT_TRUE(after(0).elsewhere) << "not the first and the third";
  EXPECT_EQ(lasts(after(2)), (std::vector<std::uint64_t>{3}));
}

TEST_F(RecentLogs, KnowNothingOfAnotherHistory) {
  log.append(batch(1, 9));
  log.forget();
  const auto next = after(9);
  EXPECT_TRUE(next.elsewhere);
  EXPECT_NE(next.history, history);
  log.append(batch(5, 5));
  EXPECT_TRUE(after(4).elsewhere) << "this place is one of the history before";
  history = next.history;
  EXPECT_EQ(lasts(after(4)), (std::vector<std::uint64_t>{5}));
}

TEST_F(RecentLogs, GiveSoMuchAtOnceAndTheRestNext) {
  RecentLog large(1 << 20);
  large.set_wanted(true);
  for (std::uint64_t revision = 1; revision <= 100; ++revision) large.append(batch(revision, revision));
  const auto first = lasts(large.wait_after(place(0), Millis(0)));
  ASSERT_EQ(first.size(), 64U);
  const auto rest = lasts(large.wait_after(place(first.back()), Millis(0)));
  EXPECT_EQ(first.back() + 1, rest.front());
  EXPECT_EQ(rest.back(), 100U);
}

TEST_F(RecentLogs, WaitUntilThereIsMore) {
  log.append(batch(1, 1));
  auto waiting = std::async(std::launch::async, [&] { return log.wait_after(place(1), Seconds(60)); });
  log.append(batch(2, 2));
  EXPECT_EQ(lasts(waiting.get()), (std::vector<std::uint64_t>{2}));
}

TEST_F(RecentLogs, EndEveryWaitWhenTold) {
  auto waiting = std::async(std::launch::async, [&] { return log.wait_after(place(1), Seconds(60)); });
  auto pausing = std::async(std::launch::async, [&] { log.pause(Seconds(60)); });
  const auto over = [](auto& future) { return future.wait_for(Millis(1)) == std::future_status::ready; };
  bool first = false, second = false;
  while (!first || !second) {  // a wait that begins after one wake() ends with the next
    log.wake();
    first = first || over(waiting);
    second = second || over(pausing);
  }
  const auto next = waiting.get();
  EXPECT_TRUE(next.batches.empty());
  EXPECT_FALSE(next.elsewhere);
}

}  // namespace
}  // namespace allauth::server
