#include <csignal>
#include <cstdio>

#include <fmt/format.h>

#include "base/clock.h"
#include "base/log.h"
#include "server/cli/commands.h"
#include "server/cli/options.h"
#include "server/cli/table/shared_options.h"
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

Result<void> run_serve(const Invocation& invocation) {
  TRY(const auto loaded, load(invocation.options));
  const Config& config = loaded.config;

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
  TRY(const auto server, Server::start(config, clock, entropy, log));
  print_banner(*server, config);
  log.info("started", {{"data_dir", config.data_dir}});
  wait_for_stop(signals);
  log.info("stopping");
  server->stop();
  log.info("stopped");
  return {};
}

}  // namespace

std::vector<Command> serve_commands() {
  return {
      {.path = "serve",
       .summary = "Run the server",
       .details = "Prints what listens where, and at the first start a setup token for `allauth admin "
                  "create`. Ctrl-C "
                  "or SIGTERM stops it, once the requests under way are answered.",
       .examples =
           {{"on loopback, with its data in ./data", "allauth serve"},
            {"with a configuration file", "allauth serve --config /etc/allauth.toml"},
            {"with single keys",
             "allauth serve --data_dir=/var/lib/allauth --listener.0.address=127.0.0.1:8080"},
            {"in front of an MQTT broker",
             "allauth serve --gateway.0.address=127.0.0.1:1884 --gateway.0.upstream.address=127.0.0.1:1883"}},
       .see_also = {"config reference", "admin create", "health"},
       .groups = {&configuration_options()},
       .run = run_serve,
       .takes_configuration = true}};
}

}  // namespace allauth::server::cli
