#include "wire/limiter.h"

#include <gtest/gtest.h>

#include "wire/method.h"

namespace allauth::wire {
namespace {

struct LimiterTest : testing::Test {
  ManualClock clock;
  Metrics metrics;
  Limits limits;

  Limiter make() { return {clock, metrics, 1, limits}; }
  static http::Peer from(std::string address, bool loopback = false) {
    return {.address = std::move(address), .loopback = loopback};
  }
  static Rate& rate(Limits::PerKind& rates, WorkKind work) { return rates[static_cast<std::size_t>(work)]; }
};

TEST_F(LimiterTest, refuses_with_a_reason_and_the_time_to_wait) {
  rate(limits.source, WorkKind::login) = {.count = 1, .burst = 2};
  auto limiter = make();
  EXPECT_TRUE(limiter.source(from("192.0.2.1"), WorkKind::login));
  EXPECT_TRUE(limiter.source(from("192.0.2.1"), WorkKind::login));
  clock.advance(Millis(300));
  const auto refused = limiter.source(from("192.0.2.1"), WorkKind::login);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::exhausted);
  EXPECT_EQ(refused.error().reason, Reason("limit.source"));
  EXPECT_EQ(refused.error().retry_after, Seconds(1)) << "rounded up: at that time there is a token";
  EXPECT_NE(metrics.render().find(R"(allauth_limited_total{scope="source",work="login"} 1)"),
            std::string::npos);
  clock.advance(Millis(700));
  EXPECT_TRUE(limiter.source(from("192.0.2.1"), WorkKind::login));
}

TEST_F(LimiterTest, counts_kinds_of_work_apart_and_leaves_those_without_a_rate_alone) {
  rate(limits.source, WorkKind::login) = {.count = 1, .burst = 1};
  rate(limits.source, WorkKind::write) = {.count = 1, .burst = 1};
  auto limiter = make();
  EXPECT_TRUE(limiter.source(from("192.0.2.1"), WorkKind::login));
  EXPECT_TRUE(limiter.source(from("192.0.2.1"), WorkKind::write));
  EXPECT_FALSE(limiter.source(from("192.0.2.1"), WorkKind::write));
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(limiter.source(from("192.0.2.1"), WorkKind::read));
}

TEST_F(LimiterTest, takes_the_first_half_of_an_ipv6_address_and_all_of_an_ipv4_address_for_a_source) {
  rate(limits.source, WorkKind::read) = {.count = 1, .burst = 1};
  struct Case {
    std::string first, second;
    bool same;
  };
  for (const auto& c : std::vector<Case>{{"192.0.2.1", "192.0.2.1", true},
                                         {"192.0.2.1", "192.0.2.2", false},
                                         {"192.0.2.9", "::ffff:192.0.2.9", true},
                                         {"2001:db8:1:2::1", "2001:db8:1:2:ffff::9", true},
                                         {"2001:db8:1:2::1", "2001:db8:1:3::1", false},
                                         {"unix", "unix", true}}) {
    auto limiter = make();
    EXPECT_TRUE(limiter.source(from(c.first), WorkKind::read));
    EXPECT_EQ(!limiter.source(from(c.second), WorkKind::read), c.same) << c.first << " " << c.second;
  }
}

TEST_F(LimiterTest, limits_loopback_unless_told_otherwise) {
  rate(limits.source, WorkKind::read) = {.count = 1, .burst = 1};
  rate(limits.principal, WorkKind::read) = {.count = 1, .burst = 1};
  auto strict = make();
  EXPECT_TRUE(strict.source(from("127.0.0.1", true), WorkKind::read));
  EXPECT_FALSE(strict.source(from("127.0.0.1", true), WorkKind::read));
  limits.exempt_loopback = true;
  auto lenient = make();
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(lenient.source(from("127.0.0.1", true), WorkKind::read));
  EXPECT_TRUE(lenient.principal("user:a", WorkKind::read));
  EXPECT_FALSE(lenient.principal("user:a", WorkKind::read)) << "whoever it is, from wherever";
}

TEST_F(LimiterTest, one_principal_or_domain_does_not_use_up_what_another_has) {
  rate(limits.principal, WorkKind::question) = {.count = 1, .burst = 1};
  rate(limits.domain, WorkKind::question) = {.count = 1, .burst = 1};
  auto limiter = make();
  EXPECT_TRUE(limiter.principal("user:a", WorkKind::question));
  EXPECT_EQ(limiter.principal("user:a", WorkKind::question).error().reason, Reason("limit.principal"));
  EXPECT_TRUE(limiter.principal("client:a", WorkKind::question));
  EXPECT_TRUE(limiter.domain("a", WorkKind::question));
  EXPECT_EQ(limiter.domain("a", WorkKind::question).error().reason, Reason("limit.domain"));
  EXPECT_TRUE(limiter.domain("b", WorkKind::question));
}

TEST(WorkOf, is_said_by_the_options_of_a_method) {
  std::map<std::string, WorkKind> works;
  for (const auto* service : native_services())
    for (int i = 0; i < service->method_count(); ++i)
      works[service->method(i)->name()] = work_of(*service->method(i));
  EXPECT_EQ(works["Check"], WorkKind::question);
  EXPECT_EQ(works["ListUsers"], WorkKind::read);
  EXPECT_EQ(works["CreateClient"], WorkKind::write);
  for (const auto* login : {"CreateSession", "RefreshSession", "CreateFirstAdmin"})
    EXPECT_EQ(works[login], WorkKind::login) << login;
}

}  // namespace
}  // namespace allauth::wire
