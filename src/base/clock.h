// Time, randomness and fresh ids come in through these three small interfaces, so that every test
// can say what they are. Pure functions take an Instant instead of a Clock.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace allauth {

using Millis = std::chrono::milliseconds;
using Seconds = std::chrono::seconds;

// Wall-clock time in UTC, as stored and shown: milliseconds since 1970.
using Instant = std::chrono::sys_time<Millis>;
// Monotonic time, for timeouts and durations only.
using Tick = std::chrono::steady_clock::time_point;

inline std::int64_t to_millis(Instant t) { return t.time_since_epoch().count(); }
inline Instant from_millis(std::int64_t ms) { return Instant(Millis(ms)); }

// "2026-11-22T05:12:00.123Z" (RFC 3339, UTC, milliseconds).
std::string to_rfc3339(Instant);

class Clock {
 public:
  virtual ~Clock() = default;
  virtual Instant now() = 0;
  virtual Tick tick() = 0;
};

class Entropy {
 public:
  virtual ~Entropy() = default;
  virtual void fill(std::span<std::uint8_t> out) = 0;
};

// Fresh ids: time-ordered and unguessable enough to be unique, not to be secret. Thread-safe.
class IdSource {
 public:
  virtual ~IdSource() = default;
  virtual std::string next() = 0;
};

// The machine's clock, the kernel's randomness, UUIDv7 (RFC 9562 §5.7). Thread-safe.
class SystemClock final : public Clock {
 public:
  Instant now() override;
  Tick tick() override;
};

class SystemEntropy final : public Entropy {
 public:
  void fill(std::span<std::uint8_t> out) override;
};

class UuidSource final : public IdSource {
 public:
  UuidSource(Clock& clock, Entropy& entropy) : clock_(clock), entropy_(entropy) {}
  std::string next() override;

 private:
  Clock& clock_;
  Entropy& entropy_;
};

// For tests: time that moves only when told, bytes and ids that count up. The clock is thread-safe, but
// for several that advance it at once.
class ManualClock final : public Clock {
 public:
  explicit ManualClock(Instant start = from_millis(1'700'000'000'000)) : now_(start) {}
  Instant now() override { return now_.load(); }
  Tick tick() override { return tick_.load(); }
  void advance(Millis by) {
    now_.store(now_.load() + by);
    tick_.store(tick_.load() + by);
  }
  // Somebody sets the clock; no time passes.
  void step(Millis by) { now_.store(now_.load() + by); }

 private:
  std::atomic<Instant> now_;
  std::atomic<Tick> tick_{Tick{}};
};

class CountingEntropy final : public Entropy {
 public:
  void fill(std::span<std::uint8_t> out) override {
    for (auto& byte : out) byte = next_++;
  }

 private:
  std::uint8_t next_ = 0;
};

}  // namespace allauth
