#include "codec/trace_context.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace allauth::codec {
namespace {

constexpr std::string_view kGood = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

TEST(TraceContext, reads_and_writes_a_traceparent) {
  const auto trace = parse_traceparent(kGood);
  ASSERT_TRUE(trace);
  EXPECT_EQ(trace_id_text(*trace), "4bf92f3577b34da6a3ce929d0e0e4736");
  EXPECT_EQ(trace->flags, 1);
  EXPECT_EQ(to_traceparent(*trace), kGood);
}

TEST(TraceContext, refuses_what_is_no_traceparent) {
  const std::string_view bad[] = {
      "",
      "00",
      "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
      "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0",
      "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-",
      "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
      "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
      "00-4bf92f3577b34da6a3ce929d0e0e473g-00f067aa0ba902b7-01",
      "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
      "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
      "00_4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
      "00-4bf92f3577b34da6a3ce929d0e0e4736_00f067aa0ba902b7-01",
      "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0x",
      "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
      "01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01x",
      " 0-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
  };
  for (const auto text : bad) EXPECT_FALSE(parse_traceparent(text)) << text;
}

TEST(TraceContext, reads_what_it_knows_of_a_later_version) {
  EXPECT_TRUE(parse_traceparent("cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"));
  EXPECT_TRUE(parse_traceparent("cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-what-comes-later"));
}

TEST(TraceContext, knows_a_tracestate) {
  for (const std::string_view good :
       {"congo=t61rcWkgMzE", "rojo=00f067aa0ba902b7 ,congo=t61", "a=b,,c=d", "fw529a3039@dt=FfffFf", "a=x y"})
    EXPECT_TRUE(is_tracestate(good)) << good;
  for (const std::string_view bad : {"congo", "=x", "congo=", "Congo=1", "1a=1", "a=1,a=2", "a=\x01", "a@=1",
                                     "a@1b=1", "a=b=c", "a=\xc3\xa4"})
    EXPECT_FALSE(is_tracestate(bad)) << bad;
  std::string many;
  for (int i = 0; i < 33; ++i) many += fmt::format("k{}=1,", i);
  EXPECT_FALSE(is_tracestate(many));
  EXPECT_TRUE(is_tracestate(many.substr(0, many.size() - 6)));
  EXPECT_FALSE(is_tracestate("a=" + std::string(257, 'x')));
}

TEST(TraceContext, goes_on_with_the_callers_trace_under_an_id_of_its_own) {
  CountingEntropy entropy;
  const auto span = begin_span(kGood, "congo=t61", entropy);
  EXPECT_EQ(trace_id_text(span), "4bf92f3577b34da6a3ce929d0e0e4736");
  EXPECT_EQ(to_traceparent(span), "00-4bf92f3577b34da6a3ce929d0e0e4736-0001020304050607-01");
  EXPECT_EQ(span.state, "congo=t61");
}

TEST(TraceContext, begins_a_trace_when_the_callers_is_garbage) {
  CountingEntropy entropy;
  const auto span = begin_span("garbage", "congo=t61", entropy);
  EXPECT_EQ(trace_id_text(span), "000102030405060708090a0b0c0d0e0f");
  EXPECT_EQ(span.state, "") << "the state belongs to the trace that could not be read";
  EXPECT_EQ(begin_span(kGood, "not a state", entropy).state, "");
}

}  // namespace
}  // namespace allauth::codec
