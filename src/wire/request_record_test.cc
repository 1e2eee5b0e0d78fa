#include "wire/request_record.h"

#include <cstdio>

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <gtest/gtest.h>
#include <unistd.h>

#include "base/text.h"

namespace allauth::wire {
namespace {

struct NoIds final : IdSource {
  std::string next() override { return {}; }
};

struct RequestRecordTest : testing::Test {
  ManualClock clock;
  NoIds ids;
  Metrics metrics;
  Probe probe{metrics, "x"};
  std::FILE* file = std::tmpfile();
  Log log{clock, LogLevel::info, LogFormat::json, fileno(file)};
  Call call;

  ~RequestRecordTest() override { std::fclose(file); }

  std::string written() const {
    std::string text(static_cast<std::size_t>(::lseek(fileno(file), 0, SEEK_END)), '\0');
    EXPECT_EQ(::pread(fileno(file), text.data(), text.size(), 0), static_cast<ssize_t>(text.size()));
    return text;
  }
  // One request that took so long.
  void record(RequestLogOptions options, int status, const Error* error = nullptr, Millis took = Millis(3),
              std::string_view method = "GET") {
    const FaceDeps deps{.clock = clock, .ids = ids, .log = log, .metrics = metrics, .request_log = options};
    RequestRecord record(deps, probe, method, call);
    record.set_route("/api/v1/users/{user_id}", probe);
    record.received(5);
    record.sent(70);
    clock.advance(took);
    EXPECT_TRUE(record.end(status, error));
    EXPECT_FALSE(record.end(status, error)) << "only the first may answer";
  }
};

TEST_F(RequestRecordTest, says_who_asked_for_what_and_how_it_went) {
  call.request_id = "r-1";
  call.peer.address = "192.0.2.7";
  call.notes.principal = "user:u1";
  call.trace.trace_id.back() = 0xAB;
  record({}, 200);
  const auto line = boost::json::parse(written()).as_object();
  const auto text = [&](std::string_view name) { return std::string(line.at(name).as_string()); };
  EXPECT_EQ(text("message"), "request");
  EXPECT_EQ(text("level"), "info");
  EXPECT_EQ(text("method"), "GET");
  EXPECT_EQ(text("route"), "/api/v1/users/{user_id}");
  EXPECT_EQ(text("reason"), "ok");
  EXPECT_EQ(text("principal"), "user:u1");
  EXPECT_EQ(text("source"), "192.0.2.7");
  EXPECT_EQ(text("request_id"), "r-1");
  EXPECT_EQ(text("trace_id"), "000000000000000000000000000000ab");
  EXPECT_EQ(line.at("status").as_int64(), 200);
  EXPECT_EQ(line.at("duration_us").as_int64(), 3000);
  EXPECT_EQ(line.at("bytes_in").as_int64(), 5);
  EXPECT_EQ(line.at("bytes_out").as_int64(), 70);
}

TEST_F(RequestRecordTest, writes_what_it_is_told_to_and_slow_ones_always) {
  const Error denied{.code = Code::denied, .reason = "gate.denied", .message = ""};
  struct Case {
    LogRequests which;
    bool good, refused;
  };
  for (const auto& c : {Case{LogRequests::all, true, true}, Case{LogRequests::errors, false, true},
                        Case{LogRequests::none, false, false}}) {
    const RequestLogOptions options{.which = c.which, .slow = Millis(500)};
    const auto adds_line = [&](int status, const Error* error, Millis took = Millis(3)) {
      const auto before = written().size();
      record(options, status, error, took);
      return written().size() > before;
    };
    EXPECT_EQ(adds_line(200, nullptr), c.good);
    EXPECT_EQ(adds_line(403, &denied), c.refused);
    EXPECT_TRUE(adds_line(200, nullptr, Millis(500)));
  }
  EXPECT_NE(written().find(R"("level":"warn","message":"slow request")"), std::string::npos);
  const auto before = written().size();
  record({.which = LogRequests::none, .slow = Millis(0)}, 200, nullptr, Millis(9999));
  EXPECT_EQ(written().size(), before) << "0 means that nothing is slow";
}

TEST_F(RequestRecordTest, tells_operators_the_detail_of_our_own_failures_only) {
  const Error ours{.code = Code::bug, .reason = "row.no_key", .message = "", .detail = "the cause"};
  const Error theirs{.code = Code::invalid, .reason = "json.syntax", .message = "", .detail = "not told"};
  call.request_id = "r-1";
  record({}, 500, &ours);
  record({}, 400, &theirs);
  EXPECT_NE(written().find("the cause; request_id=r-1"), std::string::npos);
  EXPECT_EQ(written().find("not told"), std::string::npos);
}

TEST_F(RequestRecordTest, a_method_of_the_callers_own_making_is_not_written_down) {
  record({}, 405, nullptr, Millis(3), "HUNTER2");
  EXPECT_EQ(written().find("HUNTER2"), std::string::npos);
  EXPECT_NE(written().find(R"("method":"other")"), std::string::npos);
}

TEST_F(RequestRecordTest, counts_logins_by_what_came_of_them) {
  const Error wrong{.code = Code::unauthenticated, .reason = "login.failed", .message = ""};
  const Error limited{.code = Code::exhausted, .reason = "limit.source", .message = ""};
  record({}, 401, &wrong);
  call.work = WorkKind::login;
  record({}, 401, &wrong);
  record({}, 201);
  record({}, 429, &limited);
  const auto text = metrics.render();
  EXPECT_NE(text.find("allauth_logins_total{outcome=\"login.failed\"} 1\n"), std::string::npos) << text;
  EXPECT_NE(text.find("allauth_logins_total{outcome=\"ok\"} 1\n"), std::string::npos);
  EXPECT_EQ(text.find("limit.source"), std::string::npos) << "nothing was tried";
}

TEST_F(RequestRecordTest, nothing_can_forge_a_line) {
  call.peer.address = "a\n{\"level\":\"error\"}\r\x1b[0m\xff\"";
  for (const auto format : {LogFormat::json, LogFormat::human}) {
    Log other(clock, LogLevel::info, format, fileno(file));
    const auto before = written().size();
    const FaceDeps deps{.clock = clock, .ids = ids, .log = other, .metrics = metrics};
    RequestRecord(deps, probe, "GET", call).end(200, nullptr);
    const auto line = written().substr(before);
    EXPECT_EQ(line.find('\n'), line.size() - 1) << line;
    EXPECT_EQ(line.find('\x1b'), std::string::npos);
    EXPECT_TRUE(is_utf8(line));
  }
}

}  // namespace
}  // namespace allauth::wire
