#include "crypto/token_cache.h"

#include <thread>

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace allauth::crypto {
namespace {

const Instant kNow = from_millis(1'700'000'000'000);

// A real one: there is no other way to make a VerifiedJwt.
std::shared_ptr<const VerifiedJwt> some_jwt() {
  static const auto jwt = [] {
    const auto key = SigningKey::generate().value();
    const Claims claims{.issuer = "i",
                        .subject = "s",
                        .audience = {"a"},
                        .expires = kNow + Seconds(60),
                        .issued = kNow,
                        .id = "t"};
    const auto jws = jose::UnverifiedJws::parse(mint(key, claims, "at+jwt").value()).value();
    return std::make_shared<const VerifiedJwt>(verify(jws, KeySet::make({key.public_key()}).value(),
                                                      {.issuer = "i", .audience = "a", .typ = "at+jwt"}, kNow)
                                                   .value());
  }();
  return jwt;
}

TEST(TokenCache, RemembersUntilExpiry) {
  TokenCache cache;
  EXPECT_EQ(cache.find("token", kNow), nullptr);
  cache.put("token", some_jwt(), cache.epoch());
  EXPECT_EQ(cache.find("token", kNow), some_jwt());
  EXPECT_EQ(cache.find("token", kNow + Seconds(60) - Millis(1)), some_jwt());
  EXPECT_EQ(cache.find("token", kNow + Seconds(60)), nullptr);
  EXPECT_EQ(cache.find("Token", kNow), nullptr);
  cache.put("token", some_jwt(), cache.epoch());
  EXPECT_EQ(cache.size(), 1U);
}

TEST(TokenCache, ForgetsAllWhenCleared) {
  TokenCache cache;
  for (int i = 0; i < 1000; ++i) cache.put(fmt::format("t{}", i), some_jwt(), cache.epoch());
  EXPECT_EQ(cache.size(), 1000U);
  cache.clear();
  EXPECT_EQ(cache.size(), 0U);
  EXPECT_EQ(cache.find("t1", kNow), nullptr);
  cache.put("t1", some_jwt(), cache.epoch());
  EXPECT_EQ(cache.find("t1", kNow), some_jwt());
}

TEST(TokenCache, DoesNotTakeWhatWasVerifiedBeforeAClear) {
  TokenCache cache;
  const auto epoch = cache.epoch();
  cache.clear();
  cache.put("token", some_jwt(), epoch);
  EXPECT_EQ(cache.find("token", kNow), nullptr);
}

TEST(TokenCache, StaysWithinItsBound) {
  TokenCache cache(640);
  for (int i = 0; i < 20'000; ++i) cache.put(fmt::format("t{}", i), some_jwt(), cache.epoch());
  EXPECT_LE(cache.size(), 640U);
  EXPECT_GT(cache.size(), 600U);
  EXPECT_NE(cache.find("t19999", kNow), nullptr);
  EXPECT_EQ(cache.find("t0", kNow), nullptr);
}

TEST(TokenCache, KeepsWhatIsAskedFor) {
  TokenCache cache(640);
  cache.put("popular", some_jwt(), cache.epoch());
  for (int i = 0; i < 20'000; ++i) {
    cache.put(fmt::format("t{}", i), some_jwt(), cache.epoch());
    ASSERT_NE(cache.find("popular", kNow), nullptr) << i;
  }
}

TEST(TokenCache, WorksFromManyThreadsAtOnce) {
  TokenCache cache(1'000);
  std::atomic<int> hits = 0;
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t)
      threads.emplace_back([&, t] {
        for (int i = 0; i < 2'000; ++i) {
          const std::string token = fmt::format("t{}", i % 100);
          if (cache.find(token, kNow) != nullptr) ++hits;
          cache.put(token, some_jwt(), cache.epoch());
          if (t == 0 && i % 500 == 0) cache.clear();
        }
      });
  }
  EXPECT_GT(hits, 1'000);
  EXPECT_LE(cache.size(), 100U);
}

}  // namespace
}  // namespace allauth::crypto
