#include "base/rate_table.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace allauth {
namespace {

std::int64_t nanoseconds_of(Tick tick) { return std::chrono::nanoseconds(tick.time_since_epoch()).count(); }

// How long it takes until one more token is there.
std::int64_t interval_of(const Rate& rate) {
  return std::max<std::int64_t>(std::chrono::nanoseconds(rate.per).count() / rate.count, 1);
}

// Of a bucket that is full in `ahead` nanoseconds; nothing: there is one.
std::optional<std::chrono::nanoseconds> time_until_one(const Rate& rate, std::int64_t ahead) {
  const std::int64_t most_ahead = (std::max<std::int64_t>(rate.burst, 1) - 1) * interval_of(rate);
  if (ahead <= most_ahead) return std::nullopt;
  return std::chrono::nanoseconds(ahead - most_ahead);
}

// The finaliser of SplitMix64: every bit of the input reaches every bit of the result.
constexpr std::uint64_t mix(std::uint64_t x) {
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

}  // namespace

RateTable::RateTable(std::uint64_t seed, std::size_t slots)
    : seed_(seed), sets_(std::bit_ceil(std::max<std::size_t>(slots / kWays, 1))) {}

std::uint64_t RateTable::key(std::uint64_t scope, std::uint64_t number) const {
  return mix(mix(seed_ ^ scope) ^ number);
}

std::uint64_t RateTable::key(std::uint64_t scope, std::string_view name) const {
  std::uint64_t hash = key(scope, name.size());
  while (!name.empty()) {
    std::uint64_t word = 0;
    const auto taken = std::min(name.size(), sizeof word);
    std::memcpy(&word, name.data(), taken);
    hash = mix(hash ^ word);
    name.remove_prefix(taken);
  }
  return hash;
}

std::optional<std::chrono::nanoseconds> RateTable::take(std::uint64_t key, const Rate& rate, Tick now) {
  if (rate.count <= 0) return std::nullopt;
  const std::int64_t at = nanoseconds_of(now);
  const std::size_t index = index_of(key);
  Set& set = sets_[index];
  const std::lock_guard lock(mutex_of(index));
  auto way = static_cast<std::size_t>(std::ranges::find(set.keys, key) - set.keys.begin());
  if (way == kWays) {
    way = static_cast<std::size_t>(std::ranges::min_element(set.full_at) - set.full_at.begin());
    set.keys[way] = key;
    set.full_at[way] = at;
  }
  const std::int64_t full_at = std::max(set.full_at[way], at);
  if (const auto left = time_until_one(rate, full_at - at)) return left;
  set.full_at[way] = full_at + interval_of(rate);
  return std::nullopt;
}

std::optional<std::chrono::nanoseconds> RateTable::wait(std::uint64_t key, const Rate& rate, Tick now) {
  if (rate.count <= 0) return std::nullopt;
  const std::size_t index = index_of(key);
  const Set& set = sets_[index];
  const std::lock_guard lock(mutex_of(index));
  const auto found = std::ranges::find(set.keys, key);
  if (found == set.keys.end()) return std::nullopt;
  const auto way = static_cast<std::size_t>(found - set.keys.begin());
  return time_until_one(rate, set.full_at[way] - nanoseconds_of(now));
}

void RateTable::forget(std::uint64_t key) {
  const std::size_t index = index_of(key);
  Set& set = sets_[index];
  const std::lock_guard lock(mutex_of(index));
  const auto found = std::ranges::find(set.keys, key);
  if (found == set.keys.end()) return;
  const auto way = static_cast<std::size_t>(found - set.keys.begin());
  set.keys[way] = 0;
  set.full_at[way] = 0;
}

}  // namespace allauth
