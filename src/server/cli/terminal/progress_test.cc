#include "server/cli/terminal/progress.h"

#include <gtest/gtest.h>

namespace allauth::server::cli {
namespace {

// Standard error is no terminal here.
TEST(ProgressLine, SaysSomethingNowAndThen) {
  ManualClock clock;
  ::testing::internal::CaptureStderr();
  {
    ProgressLine line("Copying", clock);
    line.show(1, 100, "1 record");
    for (int i = 1; i <= 12; ++i) {
      clock.advance(Seconds(1));
      line.show(static_cast<std::uint64_t>(10 * i), 100, "more records");
    }
    clock.advance(Seconds(6));
    line.show(7, 0, "nobody knows of how many");
  }
  EXPECT_EQ(::testing::internal::GetCapturedStderr(),
            "Copying: 50 %, more records\nCopying: 100 %, more records\nCopying: nobody knows of how many\n");
}

TEST(HumanBytes, AreShort) {
  EXPECT_EQ(human_bytes(0), "0 bytes");
  EXPECT_EQ(human_bytes(999), "999 bytes");
  EXPECT_EQ(human_bytes(3'240'000), "3.2 MB");
  EXPECT_EQ(human_bytes(5'000'000'000'000'000), "5000.0 TB");
  const Tick since{};
  EXPECT_EQ(human_rate(50'000'000, since, since + Seconds(2)), "25.0 MB/s");
  EXPECT_EQ(human_rate(1, since, since), "1.0 kB/s");
}

}  // namespace
}  // namespace allauth::server::cli
