#include "bench/broker.h"

#include <chrono>
#include <thread>

#include <fmt/format.h>

#include "bench/report.h"

namespace allauth::bench {
namespace {

Result<void> wait_for(const Target& target, std::string_view name) {
  for (int tries = 0; tries < 500; ++tries) {
    if (dial(target, Blocking::yes)) return {};
    std::this_thread::sleep_for(Millis(10));
  }
  return fail(Code::unavailable, "process.not_ready", fmt::format("{} did not start to listen.", name));
}

}  // namespace

Result<Process> start_mosquitto(const std::string& program, const std::string& dir, int core) {
  TRY(const auto port, free_port());
  const auto file = dir + "/mosquitto.conf";
  TRY(write_file(file, fmt::format("listener {} 127.0.0.1\nallow_anonymous true\npersistence false\n"
                                   "max_inflight_messages 0\nmax_queued_messages 0\nset_tcp_nodelay true\n"
                                   "log_dest none\nmax_connections -1\nuser root\n",
                                   port)));
  TRY(auto child, Child::start({program, "-c", file}, core));
  Process broker{.child = std::move(child), .target = {.host = "127.0.0.1", .port = port}};
  TRY(wait_for(broker.target, "mosquitto"));
  return broker;
}

Result<Process> start_haproxy(const std::string& program, const std::string& dir, const Target& broker,
                              int core) {
  TRY(const auto port, free_port());
  const auto file = dir + "/haproxy.cfg";
  TRY(write_file(file, fmt::format("global\n  maxconn 9000\n  nbthread 1\n"
                                   "defaults\n  mode tcp\n  timeout connect 5s\n  timeout client 1h\n"
                                   "  timeout server 1h\n"
                                   "frontend f\n  bind 127.0.0.1:{}\n  default_backend b\n"
                                   "backend b\n  server s {}:{}\n",
                                   port, broker.host, broker.port)));
  TRY(auto child, Child::start({program, "-db", "-q", "-f", file}, core));
  Process proxy{.child = std::move(child), .target = {.host = "127.0.0.1", .port = port}};
  TRY(wait_for(proxy.target, "haproxy"));
  return proxy;
}

}  // namespace allauth::bench
