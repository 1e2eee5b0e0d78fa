#include "server/cli/terminal/progress.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>

#include <fmt/format.h>
#include <unistd.h>

namespace allauth::server::cli {
namespace {

constexpr Millis kBarEvery{100};
constexpr Millis kLineEvery{5000};
constexpr std::size_t kBarWidth = 30;

std::string bar(std::uint64_t done, std::uint64_t of) {
  const double part = std::min(1.0, static_cast<double>(done) / static_cast<double>(of));
  const auto full = static_cast<std::size_t>(part * kBarWidth);
  return fmt::format("[{}{}] {:3.0f} %", std::string(full, '#'), std::string(kBarWidth - full, '.'),
                     part * 100);
}

}  // namespace

ProgressLine::ProgressLine(std::string what, Clock& clock)
    : clock_(clock),
      what_(std::move(what)),
      terminal_(isatty(STDERR_FILENO) != 0),
      since_(clock.tick()),
      last_(since_) {}

void ProgressLine::clear() {
  if (terminal_ && shown_) fmt::print(stderr, "\r\x1b[K");
  shown_ = false;
}

void ProgressLine::show(std::uint64_t done, std::uint64_t of, const std::string& note) {
  const Tick now = clock_.tick();
  if (now - last_ < (terminal_ ? kBarEvery : kLineEvery)) return;
  last_ = now;
  shown_ = true;
  if (terminal_ && of > 0)
    fmt::print(stderr, "\r\x1b[K{} {} {}", what_, bar(done, of), note);
  else if (terminal_)
    fmt::print(stderr, "\r\x1b[K{} {}", what_, note);
  else if (of > 0)
    fmt::print(stderr, "{}: {} %, {}\n", what_, std::min<std::uint64_t>(100, done * 100 / of), note);
  else
    fmt::print(stderr, "{}: {}\n", what_, note);
  std::fflush(stderr);
}

std::string human_bytes(std::uint64_t bytes) {
  constexpr std::array kUnits{"bytes", "kB", "MB", "GB", "TB"};
  auto amount = static_cast<double>(bytes);
  std::size_t unit = 0;
  for (; amount >= 1000 && unit + 1 < kUnits.size(); ++unit) amount /= 1000;
  return unit == 0 ? fmt::format("{} bytes", bytes) : fmt::format("{:.1f} {}", amount, kUnits[unit]);
}

std::string human_rate(std::uint64_t bytes, Tick since, Tick until) {
  const double seconds = std::max(0.001, std::chrono::duration<double>(until - since).count());
  return human_bytes(static_cast<std::uint64_t>(static_cast<double>(bytes) / seconds)) + "/s";
}

}  // namespace allauth::server::cli
