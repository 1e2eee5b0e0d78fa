#include "server/run/server.h"

#include <cerrno>
#include <cstring>
#include <fstream>

#include <sys/stat.h>

#include "app/access/roles.h"
#include "app/identity/setup.h"
#include "crypto/key_set.h"
#include "mqtt/gateway.h"
#include "net/http_server.h"
#include "net/io.h"
#include "net/tls.h"
#include "net/worker_pool.h"
#include "policy/core_schema.h"
#include "server/config/address.h"
#include "server/run/denial_log.h"
#include "server/run/directory_guard.h"
#include "server/run/keys.h"
#include "server/run/operations.h"
#include "store/lookups.h"
#include "store/rows.h"
#include "wire/native/backend.h"
#include "wire/rest/face.h"

namespace allauth::server {
namespace {

constexpr std::size_t kMaxSecretFile = 4096;

std::size_t cores() { return std::max(1u, std::thread::hardware_concurrency()); }

std::size_t or_default(std::int64_t configured, std::size_t otherwise) {
  return configured > 0 ? static_cast<std::size_t>(configured) : otherwise;
}

Result<std::shared_ptr<net::ServerTls>> load_tls(const TlsConfig& tls, std::vector<std::string> alpn) {
  if (tls.certificate.empty()) return nullptr;
  const auto certs = tls.client_ca.empty() ? net::ClientCerts::none
                     : tls.require_client  ? net::ClientCerts::required
                                           : net::ClientCerts::optional;
  return net::ServerTls::load({.certificate_file = tls.certificate,
                               .key_file = tls.key,
                               .client_ca_file = tls.client_ca,
                               .client_certs = certs,
                               .alpn = std::move(alpn)});
}

// ListenerConfig and GatewayConfig name these things alike.
template <class Part>
Result<net::ListenerOptions> listener_options(const Part& part, std::string name,
                                              std::vector<std::string> alpn) {
  TRY(auto address, parse_address(part.address, name));
  TRY(auto tls, load_tls(part.tls, std::move(alpn)));
  return net::ListenerOptions{.name = std::move(name),
                              .address = std::move(address.host),
                              .port = address.port,
                              .tls = std::move(tls),
                              .allow_plaintext = part.allow_plaintext,
                              .max_connections = static_cast<std::size_t>(part.max_connections),
                              .max_per_address = static_cast<std::size_t>(part.max_per_address)};
}

net::HttpLimits http_limits(const HttpConfig& http) {
  return {.body_bytes = static_cast<std::size_t>(http.max_body),
          .head_timeout = http.head_timeout,
          .body_timeout = http.body_timeout,
          .idle_timeout = http.idle_timeout};
}

Result<Secret> read_secret_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(in), {}};
  if (!in || text.empty())
    return fail(Code::invalid, "config.file", fmt::format("{} cannot be read or is empty.", path));
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
  if (text.size() > kMaxSecretFile)
    return fail(Code::invalid, "config.file",
                fmt::format("{} has more than {} bytes.", path, kMaxSecretFile));
  return Secret::take(text);
}

http::Response jwks_response(const std::string& jwks) {
  return {.status = 200,
          .headers = {{"Content-Type", "application/jwk-set+json"}, {"Cache-Control", "public, max-age=300"}},
          .body = jwks};
}

}  // namespace

std::string database_file(const Config& config) { return config.data_dir + "/allauth.db"; }
std::string master_key_file(const Config& config) { return config.data_dir + "/master.key"; }

Result<void> prepare_data_dir(const Config& config) {
  if (::mkdir(config.data_dir.c_str(), 0700) == 0 || errno == EEXIST) return {};
  return fail(Code::unavailable, "data_dir.unusable",
              fmt::format("The data folder {} cannot be made: {}.", config.data_dir, std::strerror(errno)));
}

// In the order in which they are made; destroyed from the last to the first.
struct Server::Parts {
  Parts(const Config& cfg, Clock& c, Entropy& e, Log& l)
      : config(cfg),
        clock(c),
        entropy(e),
        log(l),
        ids(c, e),
        engine(policy::core_schema()),
        hub(policy::core_schema(), c, l, metrics),
        readers({.threads = static_cast<std::size_t>(cfg.store.readers), .max_queue = 1024, .name = "reader"},
                l),
        hashers({.threads = or_default(cfg.password.threads, std::max<std::size_t>(1, cores() / 2)),
                 .max_queue = static_cast<std::size_t>(cfg.password.queue),
                 .name = "hasher"},
                l),
        denials(c, l),
        io({.threads = or_default(cfg.threads, cores())}, c, l, metrics) {}

  Result<void> open();
  Result<void> prepare_platform();
  Result<void> make_core(Keys keys);
  Result<void> listen();
  Result<http::Face> native_face();
  Result<void> start_gateway(const GatewayConfig& gateway, std::size_t index);
  std::string not_ready() const;
  void wait_for_clients() const;
  void stop();

  const Config config;
  Clock& clock;
  Entropy& entropy;
  Log& log;
  Metrics metrics;
  UuidSource ids;
  std::unique_ptr<store::Store> store;
  policy::Engine engine;
  store::SnapshotHub hub;
  std::unique_ptr<app::Digests> digests;
  std::unique_ptr<app::Tokens> tokens;
  std::unique_ptr<app::Core> core;
  std::unique_ptr<wire::native::Backend> backend;
  wire::MethodTable methods;
  std::optional<Secret> setup_token;
  std::vector<Place> places;
  net::WorkerPool readers;
  net::WorkerPool hashers;
  DenialLog denials;
  net::IoPool io;
  std::vector<std::unique_ptr<net::HttpServer>> http_servers;
  std::vector<std::unique_ptr<mqtt::Gateway>> gateways;
  std::atomic<bool> draining{false};
  std::atomic<bool> stopped{false};
};

Result<void> Server::Parts::open() {
  TRY(prepare_data_dir(config));
  TRY(store, store::Store::open({.clock = clock,
                                 .log = log,
                                 .metrics = metrics,
                                 .path = database_file(config),
                                 .readers = static_cast<std::size_t>(config.store.readers),
                                 .max_queued_writes = static_cast<std::size_t>(config.store.write_queue)}));
  TRY(auto keys, open_keys(master_key_file(config), *store, entropy));
  TRY(make_core(std::move(keys)));
  TRY(hub.follow(*store));
  store->on_applied([this](const store::AppliedBatch& batch) {
    for (const auto& entry : batch.entries)
      for (const auto& image : entry.images)
        if (image.kind == ImageKind::signing_key) tokens->forget();
  });
  return prepare_platform();
}

Result<void> Server::Parts::make_core(Keys keys) {
  TRY(const auto params, crypto::PasswordParams::make(static_cast<std::uint32_t>(config.password.memory_kib),
                                                      static_cast<std::uint32_t>(config.password.passes)));
  digests = std::make_unique<app::Digests>(keys.digests);
  tokens = std::make_unique<app::Tokens>(
      app::TokenRules{config.tokens.issuer, config.tokens.audience, config.tokens.access_lifetime,
                      config.tokens.refresh_lifetime},
      std::move(keys.signing), std::move(keys.trusted), std::move(keys.digests));
  core = std::make_unique<app::Core>(app::Core{.clock = clock,
                                               .entropy = entropy,
                                               .ids = ids,
                                               .snapshots = hub,
                                               .engine = engine,
                                               .tokens = *tokens,
                                               .digests = *digests,
                                               .password_params = params,
                                               .dummy_record = crypto::dummy_phc(params, entropy)});
  return {};
}

Result<void> Server::Parts::prepare_platform() {
  TRY(const bool prepared, store->read([](store::Read& read) { return app::is_prepared(read); }));
  if (prepared) return {};
  Secret token = app::make_setup_token(entropy);
  TRY(store->write(app::prepare_platform(digests->setup_token(token))));
  setup_token = std::move(token);
  return {};
}

Result<http::Face> Server::Parts::native_face() {
  const auto services = wire::native_services();
  TRY(auto face, wire::RestFace::make(services, methods, {clock, ids, log, metrics},
                                      {.max_body = static_cast<std::size_t>(config.http.max_body)}));
  const std::string jwks = crypto::jwks_json(tokens->trusted());
  TRY(face.route("GET", "/.well-known/jwks.json",
                 [jwks](const http::Request&) { return jwks_response(jwks); }));
  return std::move(face).face();
}

Result<void> Server::Parts::start_gateway(const GatewayConfig& gateway, std::size_t index) {
  const std::string name = fmt::format("gateway.{}", index);
  TRY(const auto broker, parse_address(gateway.upstream.address, name + ".upstream.address"));
  TRY(auto listener, listener_options(gateway, name, {}));
  // A connection has that long for all that comes before its CONNECT.
  listener.handshake_timeout = gateway.connect_timeout;
  mqtt::GatewayOptions options{.name = name, .broker_host = broker.host, .broker_port = broker.port};
  options.listeners.push_back(std::move(listener));
  if (gateway.upstream.tls) {
    TRY(options.broker_tls, net::ClientTls::load({.ca_file = gateway.upstream.ca}));
  }
  options.session.limits.max_packet_size = static_cast<std::size_t>(gateway.max_packet);
  options.session.limits.connect_deadline = gateway.connect_timeout;
  options.on_denied = [this](const mqtt::Denial& denial) { denials.add(denial); };
  options.session.login.username = gateway.upstream.username;
  if (!gateway.upstream.password_file.empty()) {
    TRY(options.session.login.password, read_secret_file(gateway.upstream.password_file));
  }
  TRY(auto started, mqtt::Gateway::start(io, std::move(options), make_authenticator(*core)));
  const Address bound{parse_address(gateway.address, name)->host, started->port()};
  places.push_back(
      {fmt::format("MQTT gateway to {}", gateway.upstream.address),
       fmt::format("{}://{}", gateway.tls.certificate.empty() ? "mqtt" : "mqtts", to_string(bound))});
  gateways.push_back(std::move(started));
  return {};
}

Result<void> Server::Parts::listen() {
  backend = std::make_unique<wire::native::Backend>(
      wire::native::Backend{.core = *core,
                            .store = *store,
                            .readers = [this](auto job) { return readers.submit(std::move(job)); },
                            .hashers = [this](auto job) { return hashers.submit(std::move(job)); }});
  wire::native::add_all(methods, *backend);
  for (std::size_t i = 0; i < config.listeners.size(); ++i) {
    const auto& listener = config.listeners[i];
    TRY(auto options, listener_options(listener, fmt::format("listener.{}", i), {"http/1.1"}));
    TRY(auto face, native_face());
    const std::string host = options.address;
    TRY(auto server,
        net::HttpServer::start(io, std::move(options), http_limits(config.http), std::move(face)));
    places.push_back({"API", fmt::format("{}://{}", listener.tls.certificate.empty() ? "http" : "https",
                                         to_string(Address{host, server->port()}))});
    http_servers.push_back(std::move(server));
  }
  TRY(auto operations, parse_address(config.operations_address, "operations_address"));
  TRY(auto server,
      net::HttpServer::start(io, {.name = "operations", .address = operations.host, .port = operations.port},
                             {}, operations_face(metrics, [this] { return not_ready(); })));
  places.push_back(
      {"Health and metrics", fmt::format("http://{}", to_string(Address{operations.host, server->port()}))});
  http_servers.push_back(std::move(server));
  for (std::size_t i = 0; i < config.gateways.size(); ++i) TRY(start_gateway(config.gateways[i], i));
  io.start();
  return {};
}

std::string Server::Parts::not_ready() const {
  if (draining.load()) return "The server is stopping.";
  if (!hub.healthy()) return "The in-memory state could not follow the log; see the server's log.";
  return {};
}

// MQTT clients were told to go; the last bytes to them take a moment.
void Server::Parts::wait_for_clients() const {
  constexpr Millis kLook{10};
  const auto connected = [](const auto& gateway) { return gateway->connections() > 0; };
  for (Millis waited{0}; waited < config.drain_timeout && std::ranges::any_of(gateways, connected);
       waited += kLook)
    std::this_thread::sleep_for(kLook);
}

void Server::Parts::stop() {
  if (stopped.exchange(true)) return;
  draining.store(true);
  for (auto& gateway : gateways) gateway->drain();
  wait_for_clients();
  std::size_t cut = 0;
  for (auto& server : http_servers) cut += server->drain(config.drain_timeout);
  if (cut > 0) log.warn("requests were cut off by the stop", {{"count", cut}});
  readers.stop();
  hashers.stop();
  if (store) store->close();
  io.stop();
  denials.flush();
}

Server::Server(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Server::~Server() { stop(); }

Result<std::unique_ptr<Server>> Server::start(const Config& config, Clock& clock, Entropy& entropy,
                                              Log& log) {
  auto parts = std::make_unique<Parts>(config, clock, entropy, log);
  TRY(parts->open());
  TRY(parts->listen());
  return std::unique_ptr<Server>(new Server(std::move(parts)));
}

const std::vector<Server::Place>& Server::places() const { return parts_->places; }
std::optional<Secret> Server::take_setup_token() { return std::exchange(parts_->setup_token, std::nullopt); }

bool Server::lacks_admin() const {
  const auto count = parts_->store->read([](store::Read& read) {
    return store::count(read, store::lookup::kCountMembersOfRole, app::kPlatformAdminRole);
  });
  return count && *count == 0;
}

void Server::stop() { parts_->stop(); }

}  // namespace allauth::server
