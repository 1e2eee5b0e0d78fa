#include "server/run/server.h"

#include <cerrno>
#include <cstring>

#include <sys/stat.h>

#include "net/http_server.h"
#include "net/io.h"
#include "server/config/roles.h"
#include "server/run/database_node.h"
#include "server/run/directory_guard.h"
#include "server/run/faces.h"
#include "server/run/gateway_node.h"
#include "server/run/gateways.h"
#include "server/run/listening.h"
#include "server/run/operations.h"
#include "server/run/process_metrics.h"
#include "server/run/rpc_faces.h"
#include "server/run/rpc_listeners.h"

namespace allauth::server {

std::string database_location(const Config& config) {
  return config.store.url.text.empty() ? config.data_dir + "/allauth.db" : config.store.url.text;
}
sql::DatabaseOptions database_options(const Config& config) {
  return {.statement_timeout = config.store.statement_timeout,
          .connect_timeout = config.store.connect_timeout,
          .password_file = config.store.password_file};
}
store::Migrating migrating(const Config& config) {
  switch (config.store.migrate) {
    case MigrateConfig::by_engine:
      return store::Migrating::unless_shared;
    case MigrateConfig::automatic:
      return store::Migrating::when_opened;
    case MigrateConfig::never:
      return store::Migrating::never;
  }
  return store::Migrating::never;
}
std::string master_key_file(const Config& config) {
  return config.master_key_file.empty() ? config.data_dir + "/master.key" : config.master_key_file;
}

Result<void> prepare_data_dir(const Config& config) {
  if (::mkdir(config.data_dir.c_str(), 0700) == 0 || errno == EEXIST) return {};
  return fail(Code::unavailable, "data_dir.unusable",
              fmt::format("The data folder {} cannot be made: {}.", config.data_dir, std::strerror(errno)));
}

// In the order in which they are made; destroyed from the last to the first.
struct Server::Parts {
  Parts(const Config& config, Clock& clock, Entropy& entropy, Log& log)
      : ground(config, clock, entropy, log),
        denials(clock, log),
        io({.threads = or_default(config.threads, cores())}, clock, log, ground.metrics),
        rpc_listeners(io, ground, [this] { return not_ready().empty(); }),
        gateways(io, denials) {
    add_process_metrics(ground.metrics, ground.config);
  }

  Result<void> listen();
  Result<void> serve_api();
  Result<void> serve_operations();
  std::string not_ready() const;
  void stop();

  Ground ground;
  std::unique_ptr<Node> node;
  std::vector<Place> places;
  DenialLog denials;
  net::IoPool io;
  std::vector<std::unique_ptr<net::HttpServer>> http_servers;
  RpcListeners rpc_listeners;
  Gateways gateways;
  std::atomic<bool> draining{false};
  std::atomic<bool> stopped{false};
};

Result<void> Server::Parts::serve_api() {
  const Config& config = ground.config;
  for (std::size_t i = 0; i < config.listeners.size(); ++i) {
    const auto& listener = config.listeners[i];
    const std::string name = fmt::format("listener.{}", i);
    TRY(auto options, listener_options(listener, name, {"http/1.1"}));
    TRY(auto face, listener_face(listener, name, ground, *node));
    const std::string host = options.address;
    TRY(auto server,
        net::HttpServer::start(io, std::move(options), http_limits(config.http), std::move(face)));
    places.push_back({config.roles.api ? "API" : "The two questions",
                      fmt::format("{}://{}", listener.tls.certificate.empty() ? "http" : "https",
                                  to_string(Address{host, server->port()}))});
    http_servers.push_back(std::move(server));
  }
  return {};
}

Result<void> Server::Parts::serve_operations() {
  TRY(auto address, parse_address(ground.config.operations_address, "operations_address"));
  TRY(auto server,
      net::HttpServer::start(io, {.name = "operations", .address = address.host, .port = address.port}, {},
                             operations_face(ground.metrics, [this] { return not_ready(); })));
  places.push_back(
      {"Health and metrics", fmt::format("http://{}", to_string(Address{address.host, server->port()}))});
  http_servers.push_back(std::move(server));
  return {};
}

Result<void> Server::Parts::listen() {
  TRY(serve_api());
  TRY(rpc_listeners.start(*node));
  for (auto& place : rpc_listeners.places()) places.push_back(std::move(place));
  TRY(serve_operations());
  const std::size_t gateway_count = ground.config.roles.gateway ? ground.config.gateways.size() : 0;
  for (std::size_t i = 0; i < gateway_count; ++i) {
    TRY(auto place,
        gateways.start(ground.config.gateways[i], i, make_authenticator([this] { return node->core(); })));
    places.push_back(std::move(place));
  }
  io.start();
  return {};
}

std::string Server::Parts::not_ready() const {
  if (draining.load()) return "The server is stopping.";
  return node->not_ready();
}

void Server::Parts::stop() {
  if (stopped.exchange(true)) return;
  draining.store(true);
  const Millis grace = ground.config.drain_timeout;
  rpc_listeners.leave();
  gateways.drain(grace);
  std::size_t cut = 0;
  for (auto& server : http_servers) cut += server->drain(grace);
  cut += rpc_listeners.drain(grace);
  if (cut > 0) ground.log.warn("requests were cut off by the stop", {{"count", cut}});
  if (node) node->stop();
  io.stop();
  denials.flush();
}

namespace {

Result<std::unique_ptr<Node>> make_node(Ground& ground) {
  if (has_database(ground.config)) return DatabaseNode::open(ground);
  return GatewayNode::start(ground);
}

}  // namespace

Server::Server(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Server::~Server() { stop(); }

Result<std::unique_ptr<Server>> Server::start(const Config& config, Clock& clock, Entropy& entropy,
                                              Log& log) {
  TRY(check_faces(config));
  TRY(check_rpc_faces(config));
  auto parts = std::make_unique<Parts>(config, clock, entropy, log);
  TRY(parts->node, make_node(parts->ground));
  TRY(parts->listen());
  return std::unique_ptr<Server>(new Server(std::move(parts)));
}

const std::vector<Place>& Server::places() const { return parts_->places; }
std::optional<Secret> Server::take_setup_token() { return parts_->node->take_setup_token(); }
bool Server::lacks_admin() const { return parts_->node->lacks_admin(); }
void Server::stop() { parts_->stop(); }

}  // namespace allauth::server
