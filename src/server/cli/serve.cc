#include <csignal>
#include <cstdio>

#include <fmt/format.h>

#include "base/clock.h"
#include "base/log.h"
#include "server/cli/commands.h"
#include "server/cli/options.h"
#include "server/config/roles.h"
#include "server/run/server.h"

namespace allauth::server::cli {
namespace {

void print_banner(Server& server, const Config& config) {
  fmt::print("\nAllAuth is running.\n\n");
  for (const auto& place : server.places()) fmt::print("  {:<28} {}\n", place.what, place.where);
  if (has_database(config)) fmt::print("  {:<28} {}\n", "Data", config.data_dir);
  fmt::print("\n");
  const std::string api = server.places().empty() ? "" : server.places().front().where;
  if (auto token = server.take_setup_token()) {
    const std::string text = std::move(*token).reveal();
    fmt::print(
        "Nobody administers it yet. Make yourself the first administrator; this token works once:\n\n"
        "  allauth admin create --server {} --token {} --email you@example.org --name \"Your Name\"\n\n",
        api, text);
  } else if (server.lacks_admin()) {
    fmt::print(
        "Nobody administers it yet. Use the setup token that the first start printed; or stop the server and "
        "run `allauth admin reset` for a new one.\n\n");
  }
  fmt::print("Ctrl-C stops it.\n\n");
  std::fflush(stdout);
}

// Waits for SIGINT or SIGTERM, which every thread blocks.
void wait_for_stop(const sigset_t& signals) {
  int signal = 0;
  while (sigwait(&signals, &signal) != 0) {
  }
}

}  // namespace

int serve(Args args) {
  const auto options = parse_options(args, {});
  if (!options) return complain(options.error());
  if (!options->words.empty())
    return complain({.code = Code::invalid, .reason = "usage", .message = "serve takes options only."});
  const auto loaded = load(*options);
  if (!loaded) return complain(loaded.error());
  const Config& config = loaded->config;

  // Before any thread starts, so that all inherit it.
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);  // a file that may not grow is an error of the write, like a full disk

  SystemClock clock;
  SystemEntropy entropy;
  Log log(clock, config.log.level, config.log.format);
  auto server = Server::start(config, clock, entropy, log);
  if (!server) return complain(server.error());
  print_banner(**server, config);
  log.info("started", {{"data_dir", config.data_dir}});
  wait_for_stop(signals);
  log.info("stopping");
  (*server)->stop();
  log.info("stopped");
  return 0;
}

}  // namespace allauth::server::cli
