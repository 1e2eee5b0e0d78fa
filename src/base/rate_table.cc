#include "base/rate_table.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace allauth {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;

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
  if (rate.per_second <= 0) return std::nullopt;
  const std::int64_t interval = std::max<std::int64_t>(kSecond / rate.per_second, 1);
  const std::int64_t most_ahead = (std::max<std::int64_t>(rate.burst, 1) - 1) * interval;
  const std::int64_t at = std::chrono::nanoseconds(now.time_since_epoch()).count();
  const std::size_t index = key & (sets_.size() - 1);
  Set& set = sets_[index];
  const std::lock_guard lock(locks_[index % locks_.size()].mutex);
  auto way = static_cast<std::size_t>(std::ranges::find(set.keys, key) - set.keys.begin());
  if (way == kWays) {
    way = static_cast<std::size_t>(std::ranges::min_element(set.full_at) - set.full_at.begin());
    set.keys[way] = key;
    set.full_at[way] = at;
  }
  const std::int64_t full_at = std::max(set.full_at[way], at);
  if (full_at - at > most_ahead) return std::chrono::nanoseconds(full_at - at - most_ahead);
  set.full_at[way] = full_at + interval;
  return std::nullopt;
}

}  // namespace allauth
