#include "app/identity/login_throttle.h"

#include <string>

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace allauth::app {
namespace {

constexpr FailureRates kRates{.one = {.count = 2, .burst = 10, .per = Seconds(60)},
                              .account = {.count = 1, .burst = 50, .per = Seconds(60)},
                              .source = {.count = 10, .burst = 100, .per = Seconds(60)}};

class LoginThrottleTest : public testing::Test {
 protected:
  bool admits(std::string_view account, const Source& source) {
    return throttle.admit({Attempt::Kind::password, account, source}).has_value();
  }
  // As many failures as are looked at, of so many that are tried.
  int fail(std::string_view account, const Source& source, int times) {
    int looked_at = 0;
    for (int i = 0; i < times; ++i) {
      if (!admits(account, source)) continue;
      throttle.failed({Attempt::Kind::password, account, source});
      ++looked_at;
    }
    return looked_at;
  }
  void log_in(std::string_view account, const Source& source) {
    ASSERT_TRUE(admits(account, source));
    throttle.succeeded({Attempt::Kind::password, account, source});
  }
  static Source at(int number) { return {.address = fmt::format("10.0.{}.{}", number / 250, number % 250)}; }

  ManualClock clock;
  Metrics metrics;
  LoginThrottle throttle{clock, metrics, 42, kRates};
};

TEST_F(LoginThrottleTest, LooksAtTenWrongPasswordsAndThenAtTwoAMinute) {
  EXPECT_EQ(fail("ada", at(1), 100), 10);
  const auto refused = throttle.admit({Attempt::Kind::password, "ada", at(1)});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::exhausted);
  EXPECT_EQ(refused.error().reason, Reason("login.throttled"));
  EXPECT_EQ(refused.error().retry_after, Seconds(30));
  clock.advance(Seconds(60));
  EXPECT_EQ(fail("ada", at(1), 100), 2);
}

TEST_F(LoginThrottleTest, FailuresInOnesNameDoNotLockOneOut) {
  log_in("ada", at(1));
  for (int attacker = 2; attacker < 100; ++attacker) fail("ada", at(attacker), 100);
  EXPECT_FALSE(admits("ada", at(500))) << "a stranger to the account has to wait";
  EXPECT_TRUE(admits("ada", at(1))) << "whoever is known there does not";
  EXPECT_EQ(fail("ada", at(1), 100), 10) << "but has no more tries than others";
}

TEST_F(LoginThrottleTest, AnAccountIsNotGuessedAtFromManyAddresses) {
  int looked_at = 0;
  for (int attacker = 0; attacker < 1000; ++attacker) looked_at += fail("ada", at(attacker), 1);
  EXPECT_EQ(looked_at, 50);
  EXPECT_TRUE(admits("bea", at(3))) << "others are not concerned";
}

TEST_F(LoginThrottleTest, ASourceDoesNotSprayOnePasswordOverManyAccounts) {
  log_in("ada", at(1));
  int looked_at = 0;
  for (int account = 0; account < 10'000; ++account) looked_at += fail(fmt::format("u{}", account), at(1), 1);
  EXPECT_EQ(looked_at, 100);
  EXPECT_TRUE(admits("ada", at(1))) << "who shares the address and is known there goes on";
  EXPECT_TRUE(admits("u1", at(2)));
}

TEST_F(LoginThrottleTest, ARightPasswordEndsTheCountOfWrongOnes) {
  EXPECT_EQ(fail("ada", at(1), 9), 9);
  log_in("ada", at(1));
  EXPECT_EQ(fail("ada", at(1), 100), 10);
}

TEST_F(LoginThrottleTest, KnowsAnAddressForThirtyDays) {
  log_in("ada", at(1));
  clock.advance(Seconds(29 * 86400));
  fail("ada", at(2), 10);
  for (int attacker = 3; attacker < 20; ++attacker) fail("ada", at(attacker), 10);
  EXPECT_TRUE(admits("ada", at(1)));
  clock.advance(Seconds(2 * 86400));
  for (int attacker = 3; attacker < 20; ++attacker) fail("ada", at(attacker), 10);
  EXPECT_FALSE(admits("ada", at(1)));
}

TEST_F(LoginThrottleTest, KeysAreCountedForEachClientAndAddressAlone) {
  const auto admits_key = [&](std::string_view client, const Source& source) {
    return throttle.admit({Attempt::Kind::key, client, source}).has_value();
  };
  for (int i = 0; i < 200; ++i) throttle.failed({Attempt::Kind::key, "pump", at(1)});
  EXPECT_FALSE(admits_key("pump", at(1)));
  EXPECT_TRUE(admits_key("pump", at(2)));
  EXPECT_TRUE(admits_key("valve", at(1)));
  EXPECT_FALSE(admits("ada", at(1))) << "whoever guesses keys does not get to guess passwords as well";
  EXPECT_TRUE(admits("pump", at(2))) << "a user of that name is somebody else";
}

TEST_F(LoginThrottleTest, ACallerThatAsksForOthersIsASourceOfItsOwn) {
  const Source forwarded{.address = "10.0.0.1", .via = "client:portal"};
  log_in("ada", at(1));
  EXPECT_EQ(fail("ada", forwarded, 100), 10);
  EXPECT_TRUE(admits("ada", at(1)));
  const Source blind{.via = "client:portal"};
  EXPECT_EQ(fail("bea", blind, 100), 50) << "only the account is counted";
  for (int i = 0; i < 100; ++i) throttle.failed({Attempt::Kind::key, "pump", blind});
  EXPECT_TRUE(throttle.admit({Attempt::Kind::key, "pump", blind})) << "else anybody could keep it out";
}

TEST(LoginThrottle, CanBeSwitchedOff) {
  ManualClock clock;
  Metrics metrics;
  LoginThrottle throttle(clock, metrics, 42, {});
  const Source source{.address = "10.0.0.1"};
  const Attempt attempt{Attempt::Kind::password, "ada", source};
  for (int i = 0; i < 1000; ++i) {
    ASSERT_TRUE(throttle.admit(attempt));
    throttle.failed(attempt);
  }
}

}  // namespace
}  // namespace allauth::app
