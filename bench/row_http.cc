// Authenticate and check over HTTP against a bare echo server with the same payloads.
#include <algorithm>

#include <fmt/format.h>

#include "bench/echo.h"
#include "bench/http.h"
#include "bench/http_load.h"
#include "bench/machine.h"
#include "bench/rows.h"
#include "bench/site.h"

namespace allauth::bench {
namespace {

constexpr double kWarmUp = 0.3;       // seconds
constexpr double kOfferedPart = 0.4;  // of what the slower side can do, for latencies
constexpr double kMaxCpu = 1.5;       // × the echo's

// One request and what its answer has to hold.
struct Workload {
  std::string row;
  std::string request;
  std::string expected;
};

// One of the two servers that are compared. `pid` is 0 for one that is not ours to look into.
struct Side {
  Target target;
  pid_t pid = 0;
  Sample cpu = {}, rate = {}, p50 = {}, p99 = {}, p999 = {};
};

HttpLoad load_of(const Workload& workload, const Side& side, bool checked) {
  HttpLoad load{.target = side.target, .request = workload.request};
  if (checked)
    load.right = [expected = workload.expected](std::string_view body) {
      return body.find(expected) != std::string_view::npos;
    };
  return load;
}

Result<HttpLoadResult> run_checked(const HttpLoad& load, const Workload& workload, Report& report) {
  TRY(auto result, run(load));
  if (result.wrong > 0)
    report.wrong(workload.row, fmt::format("{} of {} answers", result.wrong, result.answers));
  return result;
}

Result<void> saturate(HttpLoad load, const Workload& workload, double seconds, Side& side, Report& report) {
  load.seconds = kWarmUp;
  TRY(run_checked(load, workload, report));
  load.seconds = seconds;
  const auto before = cpu_time(side.pid);
  TRY(const auto result, run_checked(load, workload, report));
  const auto used = std::chrono::duration<double, std::micro>(cpu_time(side.pid) - before).count();
  side.rate.add(result.rate());
  if (side.pid > 0) side.cpu.add(used / static_cast<double>(std::max<std::uint64_t>(1, result.answers)));
  return {};
}

Result<void> pace(HttpLoad load, const Workload& workload, double seconds, double rate, Side& side,
                  Report& report) {
  load.seconds = seconds;
  load.rate = rate;
  TRY(auto result, run_checked(load, workload, report));
  side.p50.add(result.latencies.micros(0.5));
  side.p99.add(result.latencies.micros(0.99));
  side.p999.add(result.latencies.micros(0.999));
  return {};
}

void add_lines(const std::string& row, const Side& ours, const Side& echo, double offered, Report& report) {
  const auto add = [&](std::string what, std::string unit, const Sample Side::* figure,
                       std::optional<Budget> budget = {}) {
    if ((ours.*figure).empty()) return;
    report.add({.row = row,
                .what = std::move(what),
                .unit = std::move(unit),
                .ours = ours.*figure,
                .baseline_name = "bare Beast echo",
                .baseline = echo.*figure,
                .budget = budget});
  };
  add("server CPU per request", "us", &Side::cpu, Budget{Budget::Kind::ratio_at_most, kMaxCpu});
  add("requests, 64 connections", "1/s", &Side::rate);
  const auto at = fmt::format("at {:.0f}/s offered", offered);
  add("p50 " + at, "us", &Side::p50);
  add("p99 " + at, "us", &Side::p99);
  add("p99.9 " + at, "us", &Side::p999);
}

Result<void> compare(const Options& options, const Workload& workload, Side ours, Report& report) {
  // The echo answers with a body like ours.
  std::string bytes;
  TRY(const auto socket, dial(ours.target, Blocking::yes));
  TRY(send_all(socket, workload.request));
  while (!parse_answer(bytes)) TRY(receive_some(socket, bytes));
  TRY(const auto echo, start_echo(std::string(parse_answer(bytes)->body), options.pin ? kServerCore : -1));
  Side base{.target = {.host = "127.0.0.1", .port = echo.port}, .pid = echo.process.pid()};

  const auto our_load = load_of(workload, ours, true);
  const auto echo_load = load_of(workload, base, false);
  for (int i = 0; i < options.runs(); ++i) {
    TRY(saturate(our_load, workload, options.seconds(), ours, report));
    TRY(saturate(echo_load, workload, options.seconds(), base, report));
  }
  const double offered = kOfferedPart * std::min(ours.rate.median(), base.rate.median());
  for (int i = 0; i < options.runs(); ++i) {
    TRY(pace(our_load, workload, options.seconds(), offered, ours, report));
    TRY(pace(echo_load, workload, options.seconds(), offered, base, report));
  }
  add_lines(workload.row, ours, base, offered, report);
  return {};
}

Workload authenticate_load(const std::string& token, const std::string& user) {
  return {.row = "http.authenticate",
          .request = http_request("POST", "/api/v1/auth/authenticate", token,
                                  fmt::format(R"({{"access_token":"{}"}})", token)),
          .expected = fmt::format("\"id\":\"{}\"", user)};
}

Workload check_load(const std::string& token, std::string_view question) {
  return {.row = "http.check",
          .request = http_request("POST", "/api/v1/auth/check", token, question),
          .expected = "\"allowed\":true"};
}

Result<std::string> user_of(const Target& target, const std::string& token) {
  TRY(const auto who, call(target, "POST", "/api/v1/auth/authenticate", token,
                           fmt::format(R"({{"access_token":"{}"}})", token)));
  return text_at(who, "principal.id");
}

// A server elsewhere: its CPU time is not ours to see; the question is one that holds anywhere.
Result<void> against_endpoint(const Options& options, Report& report) {
  TRY(const auto target, parse_target(options.endpoint));
  TRY(const auto user, user_of(target, options.token));
  report.note("http", "CPU per request is not measured with --endpoint.");
  TRY(compare(options, authenticate_load(options.token, user), {.target = target}, report));
  const auto question = fmt::format(R"({{"permission":"read","object":{{"kind":"user","id":"{}"}}}})", user);
  return compare(options, check_load(options.token, question), {.target = target}, report);
}

}  // namespace

Result<void> http_row(const Options& options, Report& report) {
  if (options.pin) bind_to(kLoadCore);
  if (!options.endpoint.empty()) return against_endpoint(options, report);
  const TempDir data;
  TRY(const auto server, start_server({.program = options.allauth,
                                       .data_dir = data.path(),
                                       .core = options.pin ? kServerCore : -1,
                                       .settings = {"--threads=1"}}));
  TRY(const auto site, make_site(server, 1));
  TRY(const auto user, user_of(server.api, site.token));
  const Side ours{.target = server.api, .pid = server.process.pid()};
  TRY(compare(options, authenticate_load(site.token, user), ours, report));
  const auto question = fmt::format(
      R"({{"subject":{{"kind":"client","id":"{}"}},"permission":"publish","object":{{"kind":"channel","id":"{}"}}}})",
      site.clients.front().id, site.channel);
  return compare(options, check_load(site.token, question), ours, report);
}

}  // namespace allauth::bench
