#include "server/cli/terminal/progress.h"

#include <array>
#include <cstdio>
#include <functional>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <stdlib.h>  // NOLINT: POSIX
#include <unistd.h>

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

// Standard error as a terminal; what came there.
std::string shown_on_a_terminal(const std::function<void()>& work) {
  const int outer = ::posix_openpt(O_RDWR | O_NOCTTY);
  EXPECT_EQ(::grantpt(outer) + ::unlockpt(outer), 0);
  const int inner = ::open(::ptsname(outer), O_RDWR | O_NOCTTY);
  const int before = ::dup(STDERR_FILENO);
  ::dup2(inner, STDERR_FILENO);
  work();
  std::fflush(stderr);
  ::dup2(before, STDERR_FILENO);
  ::close(inner);  // then what came can be read to its end
  std::string text;
  std::array<char, 4096> piece{};
  for (ssize_t size = 1; size > 0;) {
    size = ::read(outer, piece.data(), piece.size());
    if (size > 0) text.append(piece.data(), static_cast<std::size_t>(size));
  }
  for (const int fd : {outer, before}) ::close(fd);
  return text;
}

TEST(ProgressLine, IsABarOnATerminalAndGoesAway) {
  ManualClock clock;
  const auto text = shown_on_a_terminal([&clock] {
    ProgressLine line("Copying", clock);
    for (int i = 1; i <= 2; ++i) {
      clock.advance(Millis(200));
      line.show(static_cast<std::uint64_t>(50 * i), 100, "records");
    }
    line.clear();
  });
  EXPECT_EQ(text,
            "\r\x1b[KCopying [###############...............]  50 % records"
            "\r\x1b[KCopying [##############################] 100 % records\r\x1b[K");
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
