#include "crypto/token_cache.h"

#include <string>
#include <thread>

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace allauth::crypto {
namespace {

const Instant kNow = from_millis(1'700'000'000'000);

using Cache = TokenCache<std::string>;
const Instant kExpires = kNow + Seconds(60);

std::shared_ptr<const std::string> said() {
  static const auto text = std::make_shared<const std::string>("what the token says");
  return text;
}

TEST(TokenCache, RemembersUntilExpiry) {
  Cache cache;
  EXPECT_EQ(cache.find("token", kNow), nullptr);
  cache.put("token", said(), kExpires, cache.epoch());
  EXPECT_EQ(cache.find("token", kNow), said());
  EXPECT_EQ(cache.find("token", kNow + Seconds(60) - Millis(1)), said());
  EXPECT_EQ(cache.find("token", kNow + Seconds(60)), nullptr);
  EXPECT_EQ(cache.find("Token", kNow), nullptr);
  cache.put("token", said(), kExpires, cache.epoch());
  EXPECT_EQ(cache.size(), 1U);
}

TEST(TokenCache, ForgetsAllWhenCleared) {
  Cache cache;
  for (int i = 0; i < 1000; ++i) cache.put(fmt::format("t{}", i), said(), kExpires, cache.epoch());
  EXPECT_EQ(cache.size(), 1000U);
  cache.clear();
  EXPECT_EQ(cache.size(), 0U);
  EXPECT_EQ(cache.find("t1", kNow), nullptr);
  cache.put("t1", said(), kExpires, cache.epoch());
  EXPECT_EQ(cache.find("t1", kNow), said());
}

TEST(TokenCache, DoesNotTakeWhatWasVerifiedBeforeAClear) {
  Cache cache;
  const auto epoch = cache.epoch();
  cache.clear();
  cache.put("token", said(), kExpires, epoch);
  EXPECT_EQ(cache.find("token", kNow), nullptr);
}

TEST(TokenCache, StaysWithinItsBound) {
  Cache cache(640);
  for (int i = 0; i < 20'000; ++i) cache.put(fmt::format("t{}", i), said(), kExpires, cache.epoch());
  EXPECT_LE(cache.size(), 640U);
  EXPECT_GT(cache.size(), 600U);
  EXPECT_NE(cache.find("t19999", kNow), nullptr);
  EXPECT_EQ(cache.find("t0", kNow), nullptr);
}

TEST(TokenCache, KeepsWhatIsAskedFor) {
  Cache cache(640);
  cache.put("popular", said(), kExpires, cache.epoch());
  for (int i = 0; i < 20'000; ++i) {
    cache.put(fmt::format("t{}", i), said(), kExpires, cache.epoch());
    ASSERT_NE(cache.find("popular", kNow), nullptr) << i;
  }
}

TEST(TokenCache, WorksFromManyThreadsAtOnce) {
  Cache cache(1'000);
  std::atomic<int> hits = 0;
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t)
      threads.emplace_back([&, t] {
        for (int i = 0; i < 2'000; ++i) {
          const std::string token = fmt::format("t{}", i % 100);
          if (cache.find(token, kNow) != nullptr) ++hits;
          cache.put(token, said(), kExpires, cache.epoch());
          if (t == 0 && i % 500 == 0) cache.clear();
        }
      });
  }
  EXPECT_GT(hits, 1'000);
  EXPECT_LE(cache.size(), 100U);
}

}  // namespace
}  // namespace allauth::crypto
