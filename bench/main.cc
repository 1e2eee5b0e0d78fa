// allauth-bench: runs the rows asked for, prints a table, writes JSON. README.md says how it measures.
#include <cstdio>

#include <fmt/format.h>

#include "bench/machine.h"
#include "bench/options.h"
#include "bench/rows.h"

namespace allauth::bench {
namespace {

struct Row {
  std::string_view name;
  Result<void> (*measure)(const Options&, Report&);
};
constexpr Row kRows[] = {
    {"http", http_row},   {"rpc", rpc_row},       {"check", check_row},   {"mqtt", mqtt_row},
    {"start", start_row}, {"writes", writes_row}, {"login", login_row},   {"nodes", nodes_row},
    {"size", size_row},   {"lists", lists_row},   {"policy", policy_row}, {"tokens", tokens_row},
};

// False if a row failed.
bool measure(const Options& options, Report& report) {
  bool all = true;
  for (const auto& row : kRows) {
    if (!options.wants(row.name)) continue;
    fmt::print(stderr, "{}\n", row.name);
    bind_to(-1);
    if (const auto done = row.measure(options, report); !done) {
      all = false;
      report.wrong(std::string(row.name),
                   fmt::format("not finished: {} {}", done.error().message, done.error().detail));
    }
  }
  return all;
}

int run(std::span<char* const> arguments) {
  const auto options = parse_options(arguments, ALLAUTH_BENCH_SERVER);
  if (!options) {
    fmt::print(stderr, "allauth-bench: {}\n", options.error().message);
    return 2;
  }
  Report report;
  const bool finished = measure(*options, report);
  const auto machine = describe_machine();
  fmt::print("\n{}; build {}\n\n{}", machine, ALLAUTH_BENCH_BUILD, report.table());
  if (!options->json.empty()) {
    if (const auto written = write_file(options->json, report.json(machine, ALLAUTH_BENCH_BUILD)); !written) {
      fmt::print(stderr, "allauth-bench: {}\n", written.error().message);
      return 1;
    }
  }
  return finished && report.all_right() ? 0 : 1;
}

}  // namespace
}  // namespace allauth::bench

int main(int argc, char** argv) {
  return allauth::bench::run(std::span(argv + 1, static_cast<std::size_t>(argc - 1)));
}
