// The only file that asks the machine for the time and for random bytes.
#include <array>
#include <cerrno>
#include <cstdlib>
#include <ctime>

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <sys/random.h>

#include "base/clock.h"

namespace allauth {

std::string to_rfc3339(Instant t) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(t);
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z",
                     fmt::gmtime(static_cast<std::time_t>(seconds.time_since_epoch().count())),
                     (t - seconds).count());
}

Instant SystemClock::now() { return std::chrono::floor<Millis>(std::chrono::system_clock::now()); }
Tick SystemClock::tick() { return std::chrono::steady_clock::now(); }

void SystemEntropy::fill(std::span<std::uint8_t> out) {
  while (!out.empty()) {
    const auto n = ::getrandom(out.data(), out.size(), 0);
    if (n > 0) {
      out = out.subspan(static_cast<std::size_t>(n));
    } else if (errno != EINTR) {
      std::abort();  // no randomness, no security: never go on
    }
  }
}

namespace {

// 8-4-4-4-12 hexadecimal digits.
std::string format_uuid(const std::array<std::uint8_t, 16>& bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  text.reserve(36);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) text += '-';
    text += kDigits[bytes[i] >> 4];
    text += kDigits[bytes[i] & 0x0F];
  }
  return text;
}

}  // namespace

std::string UuidSource::next() {
  std::array<std::uint8_t, 16> b;
  entropy_.fill(b);
  auto ms = static_cast<std::uint64_t>(to_millis(clock_.now()));
  for (int i = 5; i >= 0; --i, ms >>= 8) b[static_cast<std::size_t>(i)] = static_cast<std::uint8_t>(ms);
  b[6] = static_cast<std::uint8_t>((b[6] & 0x0F) | 0x70);
  b[8] = static_cast<std::uint8_t>((b[8] & 0x3F) | 0x80);
  return format_uuid(b);
}

}  // namespace allauth
