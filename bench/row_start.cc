// An idle server with an empty database: how soon it is ready, and how much memory it keeps.
#include <chrono>
#include <thread>

#include <fmt/format.h>

#include "bench/machine.h"
#include "bench/rows.h"
#include "bench/site.h"

namespace allauth::bench {
namespace {

constexpr double kMaxMillis = 300;
constexpr double kMaxMebibytes = 50;
constexpr auto kSettle = std::chrono::seconds(1);

Result<void> start_once(const Options& options, Sample& millis, Sample& resident, Sample& anonymous) {
  const TempDir data;
  const auto begin = std::chrono::steady_clock::now();
  TRY(const auto server,
      start_server({.program = options.allauth, .data_dir = data.path() + "/data", .core = -1}));
  while (!is_ready(server)) {
    if (std::chrono::steady_clock::now() - begin > std::chrono::seconds(10))
      return fail(Code::unavailable, "server.not_ready", "The server was not ready within 10 seconds.");
    std::this_thread::sleep_for(Millis(1));
  }
  millis.add(std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count());
  std::this_thread::sleep_for(kSettle);
  const auto used = memory(server.process.pid());
  resident.add(static_cast<double>(used.resident) / 1024);
  anonymous.add(static_cast<double>(used.anonymous) / 1024);
  return {};
}

}  // namespace

Result<void> start_row(const Options& options, Report& report) {
  Sample millis, resident, anonymous;
  for (int i = 0; i < options.runs(); ++i) TRY(start_once(options, millis, resident, anonymous));
  report.add({.row = "start",
              .what = "start to ready, empty database",
              .unit = "ms",
              .ours = millis,
              .budget = Budget{Budget::Kind::at_most, kMaxMillis}});
  report.add({.row = "start",
              .what = "RSS, idle",
              .unit = "MiB",
              .ours = resident,
              .budget = Budget{Budget::Kind::at_most, kMaxMebibytes}});
  report.add({.row = "start", .what = "RSS, idle, without mapped files", .unit = "MiB", .ours = anonymous});
  return {};
}

}  // namespace allauth::bench
