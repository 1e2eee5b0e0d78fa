#include "crypto/token_cache.h"

#include <algorithm>
#include <cstring>
#include <mutex>
#include <unordered_map>
#include <vector>

namespace allauth::crypto {

// One lock for each 64th of the digests; cache lines of its own, so that cores do not meet.
struct alignas(64) TokenCache::Shard {
  struct Entry {
    std::shared_ptr<const VerifiedJwt> jwt;
    Instant expires{};
    bool asked_for = false;
  };
  // The hash is random enough to be its own.
  struct FirstBytes {
    std::size_t operator()(const ShortHash& hash) const {
      std::size_t first = 0;
      std::memcpy(&first, hash.data(), sizeof first);
      return first;
    }
  };
  using Index = std::unordered_map<ShortHash, Entry, FirstBytes>;

  // The place in the ring for one more entry: a new one, or that of the entry that gives way.
  Index::value_type*& make_room() {
    if (ring.size() < capacity) return ring.emplace_back();
    for (;; hand = (hand + 1) % ring.size()) {
      Entry& entry = ring[hand]->second;
      if (!entry.asked_for) break;
      entry.asked_for = false;
    }
    Index::value_type*& place = ring[hand];
    hand = (hand + 1) % ring.size();
    index.erase(index.find(place->first));
    return place;
  }

  std::mutex mutex;
  std::size_t capacity = 1;
  Index index;
  std::vector<Index::value_type*> ring;  // all of index, in the order of the clock hand
  std::size_t hand = 0;
};

TokenCache::TokenCache(std::size_t capacity) : shards_(std::make_unique<Shard[]>(kShards)) {
  for (std::size_t i = 0; i < kShards; ++i)
    shards_[i].capacity = std::max<std::size_t>(1, (capacity + kShards - 1) / kShards);
}

TokenCache::~TokenCache() = default;

TokenCache::Shard& TokenCache::shard_of(const ShortHash& hash) const {
  return shards_[hash.back() % kShards];
}

std::shared_ptr<const VerifiedJwt> TokenCache::find(std::string_view token, Instant now) {
  const ShortHash key = short_hash(key_, token);
  Shard& shard = shard_of(key);
  const std::lock_guard lock(shard.mutex);
  const auto it = shard.index.find(key);
  if (it == shard.index.end()) return nullptr;
  Shard::Entry& entry = it->second;
  entry.asked_for = now < entry.expires;  // an expired one is the first to give way
  return entry.asked_for ? entry.jwt : nullptr;
}

void TokenCache::put(std::string_view token, std::shared_ptr<const VerifiedJwt> jwt, std::uint64_t epoch) {
  const ShortHash key = short_hash(key_, token);
  Shard& shard = shard_of(key);
  const std::lock_guard lock(shard.mutex);
  // Under the lock: a clear() that raised the epoch after this has yet to empty this shard.
  if (epoch != this->epoch()) return;
  const Instant expires = jwt->claims().expires;
  Shard::Entry entry{.jwt = std::move(jwt), .expires = expires};
  if (const auto known = shard.index.find(key); known != shard.index.end()) {
    known->second = std::move(entry);
    return;
  }
  auto* added = &*shard.index.emplace(key, std::move(entry)).first;
  shard.make_room() = added;
}

void TokenCache::clear() {
  epoch_.fetch_add(1, std::memory_order_acq_rel);
  for (std::size_t i = 0; i < kShards; ++i) {
    Shard& shard = shards_[i];
    const std::lock_guard lock(shard.mutex);
    shard.ring.clear();
    shard.index.clear();
    shard.hand = 0;
  }
}

std::size_t TokenCache::size() const {
  std::size_t total = 0;
  for (std::size_t i = 0; i < kShards; ++i) {
    const std::lock_guard lock(shards_[i].mutex);
    total += shards_[i].index.size();
  }
  return total;
}

}  // namespace allauth::crypto
