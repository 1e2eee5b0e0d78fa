// What the operator decides. Read once at start, from (weakest first) the defaults, one TOML file,
// ALLAUTH_… variables and --flags; each part of the program gets only its own struct.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.h"
#include "server/config/limits.h"
#include "server/config/log.h"

namespace allauth::server {

struct TlsConfig {
  std::string certificate;      // PEM file with the chain; empty: clear text
  std::string key;              // PEM file
  std::string client_ca;        // PEM file; empty: no client certificates are asked for
  bool require_client = false;  // refuse clients without a certificate
};

// What answers below a prefix of a listener.
struct MountConfig {
  std::string at = "/";
  std::string face = "native";
};

struct ListenerConfig {
  std::string address = "127.0.0.1:8080";
  bool allow_plaintext = false;  // clear text on an address that is not loopback
  std::int64_t max_connections = 10'000;
  std::int64_t max_per_address = 0;
  std::string trusted_callers;  // networks, separated by commas
  std::string trusted_proxies;
  TlsConfig tls;
  std::vector<MountConfig> mounts;  // the native face at the root when none is configured
};

struct GrpcConfig {
  std::string address = "127.0.0.1:8181";  // or "off"
  bool allow_plaintext = false;            // clear text on an address that is not loopback
  std::int64_t max_connections = 10'000;
  std::int64_t max_per_address = 0;
  std::int64_t max_message = 4 << 20;  // bytes, either way
  std::int64_t max_streams = 128;      // calls under way on one connection
  Millis max_call_time{60'000};        // of calls that do not stream
  std::string faces = "native";        // separated by commas
  std::string trusted_callers;         // networks, separated by commas
  std::string trusted_proxies;
  TlsConfig tls;

  bool is_off() const { return address == "off"; }
};

struct UpstreamConfig {
  std::string address;  // host:port of the broker
  bool tls = false;
  std::string ca;        // PEM file; empty: the system's
  std::string username;  // what the gateway shows to the broker instead of the client's credentials
  std::string password_file;
};

struct GatewayConfig {
  std::string address;
  bool allow_plaintext = false;
  std::int64_t max_connections = 10'000;
  std::int64_t max_per_address = 0;
  std::int64_t max_packet = 1 << 20;  // bytes
  Millis connect_timeout{10'000};
  TlsConfig tls;
  UpstreamConfig upstream;
};

// Of the keys that sign our access tokens.
enum class TokenAlgorithm { es256, eddsa, rs256 };

struct TokenConfig {
  std::string issuer = "allauth";
  std::string audience = "allauth";
  Seconds access_lifetime{3600};
  Seconds refresh_lifetime{7 * 86400};
  TokenAlgorithm algorithm = TokenAlgorithm::es256;
};

struct PasswordConfig {
  std::int64_t memory_kib = 19'456;
  std::int64_t passes = 2;
  std::int64_t threads = 0;  // 0: half of the cores, at least one
  std::int64_t queue = 64;
  std::int64_t min_length = 15;
  std::int64_t min_score = 3;
  std::string context_words;  // separated by commas
  std::string deny_list;      // file; empty: none
};

// A URL that may hold a password, which is not shown.
struct SecretUrl {
  std::string text;
};

// Whether a start may change the schema. by_engine: on the embedded database always, on a shared one never.
enum class MigrateConfig { by_engine, automatic, never };

struct StoreConfig {
  SecretUrl url;  // postgresql://…; empty: SQLite in data_dir
  std::string password_file;
  Millis connect_timeout{5000};
  Millis statement_timeout{30'000};
  MigrateConfig migrate = MigrateConfig::by_engine;
  std::int64_t readers = 4;
  std::int64_t write_queue = 4096;
  Millis poll_interval{200};      // how often the log is looked at, where others write to it too
  Millis max_staleness{300'000};  // without contact to the log for longer, nothing is decided
  Millis freshness_wait{2000};    // how long a request may wait for the revision that it asks for
  Millis log_retention{std::chrono::hours(7 * 24)};      // of what followers of the log need
  Millis audit_retention{std::chrono::hours(365 * 24)};  // of who did what
};

// A Redis through which nodes on one database tell each other of changes.
struct RedisConfig {
  SecretUrl url;              // redis://…; empty: none
  std::string password_file;  // read at each connect
  Millis timeout{2000};       // to connect, and for each answer
};

struct HttpConfig {
  std::int64_t max_body = 256 * 1024;  // bytes
  Millis head_timeout{10'000};
  Millis body_timeout{30'000};
  Millis idle_timeout{75'000};
};

// What a node does: serve the API, run gateways, or both.
struct Roles {
  bool api = true;
  bool gateway = true;
};

// Who may follow the log of this node over the network.
struct StreamConfig {
  std::string trusted_clients;  // names in client certificates, separated by commas
  std::int64_t max_followers = 64;
};

// The API nodes that a node without a database follows.
struct UpstreamApiConfig {
  std::string url;          // https://host:port, several separated by commas; empty: there is a database
  std::string ca;           // PEM file; empty: the system's
  std::string certificate;  // PEM files, to show to them
  std::string key;
  std::string token_file;  // what `allauth node enroll` printed
  Millis connect_timeout{5000};
  Millis login_timeout{10'000};
};

struct Config {
  std::string data_dir = "data";
  std::string master_key_file;  // empty: master.key in data_dir
  Roles roles;
  std::int64_t threads = 0;  // I/O threads; 0: one per core
  Millis drain_timeout{10'000};
  LogConfig log;
  std::string operations_address = "127.0.0.1:9090";  // /livez, /readyz, /metrics
  HttpConfig http;
  LimitsConfig limits;
  QuotasConfig quotas;
  PolicyConfig policy;
  TokenConfig tokens;
  PasswordConfig password;
  StoreConfig store;
  RedisConfig redis;
  StreamConfig stream;
  UpstreamApiConfig upstream_api;
  std::vector<ListenerConfig> listeners;  // with the role api one on 127.0.0.1:8080 when none is configured
  std::vector<GrpcConfig> grpc;           // with the role api one on 127.0.0.1:8181 when none is configured
  std::vector<GatewayConfig> gateways;
};

}  // namespace allauth::server
