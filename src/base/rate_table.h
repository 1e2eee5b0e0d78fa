// How often each of many may do something: a token bucket per key, in a table of fixed size. A key is a
// number that stands for an address, a caller, a tenant. Who is not in the table has a full bucket.
//
// A bucket is one number, the time at which it will be full again (GCRA, the "virtual scheduling" of ITU-T
// I.371 annex A), so forgetting a bucket that is full loses nothing. When a place is needed, the bucket that
// is nearest to being full gives way: those who ask most are remembered longest, however many others come.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string_view>
#include <vector>

#include "base/clock.h"

namespace allauth {

// At most `burst` at once, and `count` in each `per` in the long run. A count of 0: unlimited.
struct Rate {
  std::int64_t count = 0;
  std::int64_t burst = 1;
  Seconds per{1};
  friend bool operator==(const Rate&, const Rate&) = default;
};

// Thread-safe; 16 bytes per slot, and never more.
class RateTable {
 public:
  // `seed` is random and secret: it decides which keys meet in one place.
  explicit RateTable(std::uint64_t seed, std::size_t slots = 32'768);

  // The key of something that has a name, and of something that is a number, within its `scope`.
  std::uint64_t key(std::uint64_t scope, std::string_view name) const;
  std::uint64_t key(std::uint64_t scope, std::uint64_t number) const;

  // Takes one token. Nothing: it was there. Else how long it is until there is one; none is taken then.
  // One key must always come with the same rate.
  std::optional<std::chrono::nanoseconds> take(std::uint64_t key, const Rate& rate, Tick now);
  // The same answer, and nothing is taken.
  std::optional<std::chrono::nanoseconds> wait(std::uint64_t key, const Rate& rate, Tick now);
  // Fills the bucket.
  void forget(std::uint64_t key);

 private:
  static constexpr std::size_t kWays = 4;
  struct alignas(64) Set {
    std::array<std::uint64_t, kWays> keys{};
    std::array<std::int64_t, kWays> full_at{};  // nanoseconds, as Tick has them
  };
  struct alignas(64) Lock {
    std::mutex mutex;
  };
  std::size_t index_of(std::uint64_t key) const { return key & (sets_.size() - 1); }
  std::mutex& mutex_of(std::size_t index) { return locks_[index % locks_.size()].mutex; }

  const std::uint64_t seed_;
  std::vector<Set> sets_;
  std::array<Lock, 64> locks_;
};

}  // namespace allauth
