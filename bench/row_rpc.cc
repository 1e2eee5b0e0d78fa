// Authenticate and check over gRPC, and the transport alone, against a bare callback server of the library
// with the same messages.
#include <algorithm>

#include <fmt/format.h>

#include "bench/http.h"
#include "bench/machine.h"
#include "bench/rows.h"
#include "bench/rpc_echo.h"
#include "bench/rpc_load.h"
#include "bench/site.h"
#include "codec/protobuf.h"

namespace allauth::bench {
namespace {

using codec::protobuf::put_bytes;

constexpr double kWarmUp = 0.3;        // seconds
constexpr double kMaxTransport = 1.1;  // × the bare echo's CPU, for the transport alone
constexpr double kMaxCpu = 1.3;        // and for a method
constexpr std::size_t kBatch = 100;

struct Side {
  RpcLoad load;
  pid_t pid = 0;
  Sample cpu = {}, rate = {}, p50 = {}, p99 = {};
};

Result<RpcLoadResult> run_checked(RpcLoad load, double seconds, const std::string& row, Report& report) {
  load.seconds = seconds;
  TRY(auto result, run(load));
  if (result.wrong > 0)
    report.wrong(row, fmt::format("{} of {} answers, the first with status {}", result.wrong, result.answers,
                                  result.first_wrong));
  return result;
}

Result<void> saturate(const Options& options, const std::string& row, Side& side, Report& report) {
  TRY(run_checked(side.load, kWarmUp, row, report));
  const auto before = cpu_time(side.pid);
  TRY(const auto result, run_checked(side.load, options.seconds(), row, report));
  const auto used = std::chrono::duration<double, std::micro>(cpu_time(side.pid) - before).count();
  side.rate.add(result.rate());
  side.cpu.add(used / static_cast<double>(std::max<std::uint64_t>(1, result.answers)));
  return {};
}

// One call at a time: what a caller waits for when there is nobody else.
Result<void> alone(const Options& options, const std::string& row, Side& side, Report& report) {
  auto load = side.load;
  load.connections = load.calls = 1;
  TRY(auto result, run_checked(load, options.seconds(), row, report));
  side.p50.add(result.latencies.micros(0.5));
  side.p99.add(result.latencies.micros(0.99));
  return {};
}

Result<void> compare(const Options& options, const std::string& row, double max_cpu, Side ours, Side bare,
                     Report& report) {
  for (int i = 0; i < options.runs(); ++i)
    for (auto* side : {&ours, &bare}) {
      TRY(saturate(options, row, *side, report));
      TRY(alone(options, row, *side, report));
    }
  const auto add = [&](std::string what, std::string unit, const Sample Side::* figure,
                       std::optional<Budget> budget = {}) {
    report.add({.row = row,
                .what = std::move(what),
                .unit = std::move(unit),
                .ours = ours.*figure,
                .baseline_name = "bare gRPC echo",
                .baseline = bare.*figure,
                .budget = budget});
  };
  add("server CPU per call", "us", &Side::cpu, Budget{Budget::Kind::ratio_at_most, max_cpu});
  add("calls, 8 connections, 64 at once", "1/s", &Side::rate);
  add("p50, one at a time", "us", &Side::p50);
  add("p99, one at a time", "us", &Side::p99);
  return {};
}

std::string ref(std::string_view kind, std::string_view id) {
  std::string out;
  put_bytes(out, 1, kind);
  put_bytes(out, 2, id);
  return out;
}

std::string authenticate_message(const std::string& token) {
  std::string out;
  put_bytes(out, 1, token);
  return out;
}

std::string check_message(const Site& site) {
  std::string out;
  put_bytes(out, 1, ref("client", site.clients.front().id));
  put_bytes(out, 2, "publish");
  put_bytes(out, 3, ref("channel", site.channel));
  return out;
}

RpcLoad echo_of(RpcLoad load, const RpcEcho& echo) {
  load.port = echo.port;
  load.expected.clear();
  return load;
}

RpcLoad batch_of(const RpcLoad& check) {
  RpcLoad load = check;
  load.method = "/allauth.v1.AuthService/BatchCheck";
  load.message.clear();
  for (std::size_t i = 0; i < kBatch; ++i) put_bytes(load.message, 1, check.message);
  return load;
}

Result<void> batch(const Options& options, Side ours, Report& report) {
  for (int i = 0; i < options.runs(); ++i) TRY(saturate(options, "rpc.batch", ours, report));
  Sample per_item;
  for (const double cpu : ours.cpu.runs()) per_item.add(cpu / static_cast<double>(kBatch));
  report.add({.row = "rpc.batch",
              .what = fmt::format("server CPU per check, {} at once", kBatch),
              .unit = "us",
              .ours = per_item,
              .budget = Budget{Budget::Kind::at_most, 3}});
  return {};
}

}  // namespace

Result<void> rpc_row(const Options& options, Report& report) {
  if (!options.endpoint.empty()) {
    report.note("rpc", "not measured with --endpoint.");
    return {};
  }
  const int core = options.pin ? kServerCore : -1;
  TRY(const auto bare, start_bare_rpc_echo(core));
  TRY(const auto echo, start_rpc_echo(core));
  if (options.pin) bind_to(kLoadCore);
  const TempDir data;
  TRY(const auto server,
      start_server(
          {.program = options.allauth, .data_dir = data.path(), .core = core, .settings = {"--threads=1"}}));
  if (!server.rpc) return fail(Code::unavailable, "bench.rpc", "The server has no gRPC listener.");
  TRY(const auto site, make_site(server, 1));

  const RpcLoad authenticate{.port = server.rpc->port,
                             .method = "/allauth.v1.AuthService/Authenticate",
                             .token = site.token,
                             .message = authenticate_message(site.token)};
  const RpcLoad check{.port = server.rpc->port,
                      .method = "/allauth.v1.AuthService/Check",
                      .token = site.token,
                      .message = check_message(site),
                      .expected = "\x08\x01"};
  const Side base{.load = echo_of(authenticate, bare), .pid = bare.process.pid()};
  TRY(compare(options, "rpc.echo", kMaxTransport,
              {.load = echo_of(authenticate, echo), .pid = echo.process.pid()}, base, report));
  TRY(compare(options, "rpc.authenticate", kMaxCpu, {.load = authenticate, .pid = server.process.pid()}, base,
              report));
  TRY(compare(options, "rpc.check", kMaxCpu, {.load = check, .pid = server.process.pid()},
              {.load = echo_of(check, bare), .pid = bare.process.pid()}, report));
  return batch(options, {.load = batch_of(check), .pid = server.process.pid()}, report);
}

}  // namespace allauth::bench
