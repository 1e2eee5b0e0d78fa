#include "server/run/denial_log.h"

#include <array>

#include <gtest/gtest.h>
#include <unistd.h>

namespace allauth::server {
namespace {

// What was written to the log since the last look.
class LogPipe {
 public:
  LogPipe() { EXPECT_EQ(::pipe(ends_.data()), 0); }
  ~LogPipe() {
    ::close(ends_[0]);
    ::close(ends_[1]);
  }
  LogPipe(const LogPipe&) = delete;
  LogPipe& operator=(const LogPipe&) = delete;
  int writer() const { return ends_[1]; }
  int lines() {
    EXPECT_EQ(::write(ends_[1], "end\n", 4), 4);  // so that reading always ends
    std::string text;
    std::array<char, 4096> buffer;
    while (!text.ends_with("end\n"))
      text.append(buffer.data(), static_cast<std::size_t>(::read(ends_[0], buffer.data(), buffer.size())));
    return static_cast<int>(std::ranges::count(text, '\n')) - 1;
  }

 private:
  std::array<int, 2> ends_{};
};

TEST(TheDenialLog, WritesTheFirstOfAKindAndCountsTheRest) {
  ManualClock clock;
  LogPipe pipe;
  Log log(clock, LogLevel::info, LogFormat::human, pipe.writer());
  DenialLog denials(clock, log);
  const mqtt::Denial publish{mqtt::Operation::publish, "c1", "m/d/c/x", Outcome::denied, "message.denied"};
  const mqtt::Denial subscribe{mqtt::Operation::subscribe, "c1", "m/d/c/x", Outcome::denied,
                               "message.denied"};
  for (int i = 0; i < 100; ++i) denials.add(publish);
  denials.add(subscribe);
  EXPECT_EQ(pipe.lines(), 2);
  clock.advance(DenialLog::kWindow);
  denials.add(publish);
  EXPECT_EQ(pipe.lines(), 2);  // the count of the minute before, and the first of this one
  denials.flush();
  EXPECT_EQ(pipe.lines(), 0);
}

TEST(TheDenialLog, RemembersABoundedNumberOfKinds) {
  ManualClock clock;
  LogPipe pipe;
  Log log(clock, LogLevel::error, LogFormat::human, pipe.writer());
  DenialLog denials(clock, log);
  for (std::size_t i = 0; i < 2 * DenialLog::kMaxKinds; ++i) {
    const std::string topic = fmt::format("t/{}", i);
    denials.add({mqtt::Operation::publish, "c1", topic, Outcome::denied, "topic.unknown"});
  }
  EXPECT_EQ(pipe.lines(), 0);
}

}  // namespace
}  // namespace allauth::server
