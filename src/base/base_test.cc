#include <gtest/gtest.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/id.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/secret.h"
#include "base/text.h"

namespace allauth {
namespace {

struct UserTag;
struct DomainTag;
static_assert(!std::is_convertible_v<Id<UserTag>, Id<DomainTag>>);
static_assert(!std::is_convertible_v<Id<UserTag>, std::string_view>);
static_assert(!std::is_copy_constructible_v<Secret>);
static_assert(!std::is_convertible_v<Secret, std::string_view>);
static_assert(!std::is_constructible_v<FieldValue, Secret>, "a secret must not be loggable");
static_assert(!fmt::is_formattable<Secret>::value, "a secret must not be printable");

Result<int> half(int n) {
  if (n % 2 != 0) return fail(Code::invalid, "number.odd", "The number must be even.", "n");
  return n / 2;
}
Result<int> quarter(int n) {
  TRY(const int h, half(n));
  TRY(half(h));
  return h / 2;
}

TEST(Try, PassesValuesOnAndErrorsUp) {
  EXPECT_EQ(quarter(8).value(), 2);
  const auto error = quarter(6);
  ASSERT_FALSE(error);
  EXPECT_EQ(error.error().reason, Reason("number.odd"));
  EXPECT_EQ(error.error().field, "n");
}

TEST(Ids, AreOneToSixtyFourSafeCharacters) {
  EXPECT_TRUE(Id<UserTag>::parse("0190b7d2-7c1e-7000-8000-000000000001"));
  EXPECT_TRUE(Id<UserTag>::parse(std::string(64, 'x')));
  for (std::string bad : {std::string(), std::string(65, 'x'), std::string("a/b"), std::string("a+"),
                          std::string("#"), std::string("a b"), std::string("a\0b", 3), std::string("é")}) {
    EXPECT_FALSE(Id<UserTag>::parse(bad)) << bad;
  }
}

TEST(Uuids, AreVersionSevenAndCarryTheTime) {
  ManualClock clock(from_millis(0x0190B7D27C1E));
  CountingEntropy entropy;
  UuidSource ids(clock, entropy);
  EXPECT_EQ(ids.next(), "0190b7d2-7c1e-7607-8809-0a0b0c0d0e0f");
}

TEST(Times, AreWrittenInUtcForAllYears) {
  EXPECT_EQ(to_rfc3339(from_millis(951'782'400'007)), "2000-02-29T00:00:00.007Z");
  EXPECT_EQ(to_rfc3339(from_millis(-1)), "1969-12-31T23:59:59.999Z");
  EXPECT_EQ(to_rfc3339(from_millis(253'402'300'799'999)), "9999-12-31T23:59:59.999Z");
}

TEST(Secrets, AreWipedWhenTaken) {
  std::string text = "correct horse";
  Secret secret = Secret::take(text);
  EXPECT_TRUE(text.empty());
  EXPECT_TRUE(secret.with([](std::string_view s) { return s == "correct horse"; }));
  Secret moved = std::move(secret);
  EXPECT_TRUE(secret.empty());  // NOLINT(bugprone-use-after-move): that is what is promised
  EXPECT_EQ(std::move(moved).reveal(), "correct horse");
}

TEST(Logs, CannotBeForgedByTheirValues) {
  const std::string evil = "x\n{\"level\":\"error\"}\x1b[2J\xff";
  EXPECT_EQ(
      format_log_line(LogFormat::json, from_millis(0), LogLevel::info, "hello", {{"from", evil}, {"n", 3}}),
      "{\"time\":\"1970-01-01T00:00:00.000Z\",\"level\":\"info\",\"message\":\"hello\",\"from\":"
      "\"x\\n{\\\"level\\\":\\\"error\\\"}\\u001b[2J\xEF\xBF\xBD\",\"n\":3}");
  EXPECT_EQ(
      format_log_line(LogFormat::human, from_millis(0), LogLevel::warn, "hello", {{"a", "b c"}, {"d", "e"}}),
      "1970-01-01T00:00:00.000Z warn  hello  a=\"b c\"  d=e");
}

TEST(Text, AcceptsOnlyWellFormedUtf8) {
  EXPECT_TRUE(is_utf8("aé€😀"));
  EXPECT_FALSE(is_utf8("\xC0\x80"));          // overlong
  EXPECT_FALSE(is_utf8("\xED\xA0\x80"));      // surrogate
  EXPECT_FALSE(is_utf8("\xF4\x90\x80\x80"));  // above U+10FFFF
  EXPECT_FALSE(is_utf8("\xE2\x82"));          // cut short
  EXPECT_EQ(code_points("aé€😀"), 4u);
}

TEST(Text, ParsesWholeNumbersOnly) {
  EXPECT_EQ(parse_u64("18446744073709551615"), 18446744073709551615ull);
  for (auto bad : {"", "-1", "+1", " 1", "1 ", "18446744073709551616", "0x1"})
    EXPECT_FALSE(parse_u64(bad)) << bad;
}

TEST(MetricsText, ASeriesAskedForTwiceIsShownOnce) {
  Metrics metrics;
  metrics.counter("hits_total", "Hits.", R"(face="a")").add();
  metrics.counter("hits_total", "Hits.", R"(face="a")").add();
  metrics.latency("hit_seconds", "Time of a hit.").observe(1);
  metrics.latency("hit_seconds", "Time of a hit.").observe(1);
  const std::string shown = metrics.render();
  EXPECT_NE(shown.find("hits_total{face=\"a\"} 2\n"), std::string::npos) << shown;
  EXPECT_NE(shown.find("hit_seconds_count 2\n"), std::string::npos) << shown;
  EXPECT_EQ(shown.find("hits_total{"), shown.rfind("hits_total{")) << shown;
}

TEST(MetricsText, GroupsSeriesOfOneFamily) {
  Metrics metrics;
  metrics.counter("b_total", "Bees.", R"(kind="honey")").add(2);
  metrics.gauge("a", "An a.").set(-1);
  metrics.counter("b_total", "Bees.", R"(kind="bumble")");
  metrics.latency("c_seconds", "Time.").observe(0.3);
  const std::string text = metrics.render();
  EXPECT_TRUE(
      text.starts_with("# HELP a An a.\n# TYPE a gauge\na -1\n"
                       "# HELP b_total Bees.\n# TYPE b_total counter\nb_total{kind=\"honey\"} 2\n"
                       "b_total{kind=\"bumble\"} 0\n# HELP c_seconds Time.\n"))
      << text;
  EXPECT_NE(text.find("c_seconds_bucket{le=\"0.25\"} 0\nc_seconds_bucket{le=\"0.5\"} 1\n"), std::string::npos)
      << text;
}

}  // namespace
}  // namespace allauth
