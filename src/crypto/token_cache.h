// Remembers which tokens verified, so that a signature is checked once per token and not per request.
// Keyed by a 128-bit keyed hash of the token (SipHash-2-4, a key of each cache's own that never leaves it);
// the token itself is not kept. Who does not know the key finds another token of the same hash only by
// chance. Bounded: when full, entries not asked for lately give way (CLOCK). Thread-safe; a hit costs below
// 1 µs.
//
// A cache belongs to one KeySet and one Expectation: an entry only says "this token passed those". Clear
// it when the log says that keys or sessions changed.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "base/clock.h"
#include "crypto/jwt.h"
#include "crypto/short_hash.h"

namespace allauth::crypto {

class TokenCache {
 public:
  explicit TokenCache(std::size_t capacity = 100'000);
  ~TokenCache();
  TokenCache(const TokenCache&) = delete;
  TokenCache& operator=(const TokenCache&) = delete;

  // Null if the token is not known or has expired (no leeway here: then verify() decides).
  std::shared_ptr<const VerifiedJwt> find(std::string_view token, Instant now);

  // Take epoch() before reading the keys to verify with, and hand it to put(): a token verified with
  // what was true before a clear() is then not remembered after it.
  std::uint64_t epoch() const { return epoch_.load(std::memory_order_acquire); }
  void put(std::string_view token, std::shared_ptr<const VerifiedJwt>, std::uint64_t epoch);

  // Forgets everything.
  void clear();

  std::size_t size() const;

 private:
  struct Shard;
  static constexpr std::size_t kShards = 64;
  Shard& shard_of(const ShortHash& hash) const;

  const ShortHashKey key_ = make_short_hash_key();
  std::unique_ptr<Shard[]> shards_;
  std::atomic<std::uint64_t> epoch_{0};
};

}  // namespace allauth::crypto
