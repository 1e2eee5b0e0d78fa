#include "server/config/load.h"

#include "base/nearest.h"
#include "base/network.h"
#include "base/text.h"
#include "server/config/address.h"
#include "server/config/keys.h"
#include "server/config/mounts.h"
#include "server/config/roles.h"

namespace allauth::server {
namespace {

struct Match {
  const Key* key;
  Index index;
};

// Cuts "2." off the front of `path`.
std::optional<std::size_t> take_index(std::string_view& path) {
  const auto dot = path.find('.');
  if (dot == std::string_view::npos) return std::nullopt;
  const auto index = parse_u64(path.substr(0, dot));
  path.remove_prefix(dot + 1);
  if (!index || *index >= kMaxListEntries) return std::nullopt;
  return static_cast<std::size_t>(*index);
}

// Whether `path` is that of a key at some index: "listener.2.mounts.0.at" of "listener.*.mounts.*.at" at {2,
// 0}.
std::optional<Index> match_pattern(std::string_view pattern, std::string_view path) {
  Index index;
  for (auto* part : {&index.outer, &index.inner}) {
    const auto star = pattern.find("*.");
    if (star == std::string_view::npos) break;
    if (!path.starts_with(pattern.substr(0, star))) return std::nullopt;
    path.remove_prefix(star);
    pattern.remove_prefix(star + 2);
    const auto found = take_index(path);
    if (!found) return std::nullopt;
    *part = *found;
  }
  if (pattern != path) return std::nullopt;
  return index;
}

std::optional<Match> match_path(std::string_view path) {
  for (const auto& key : all_keys())
    if (const auto index = match_pattern(key.path, path)) return Match{&key, *index};
  return std::nullopt;
}

// "ALLAUTH_GATEWAY_2_ADDRESS" is not parsed but compared: names of keys have '_', too.
std::optional<Match> match_variable(std::string_view name) {
  for (const auto& key : all_keys()) {
    const std::size_t outer = key.in_list() ? kMaxListEntries : 1;
    const std::size_t inner = key.in_inner_list() ? kMaxListEntries : 1;
    for (Index i; i.outer < outer; ++i.outer)
      for (i.inner = 0; i.inner < inner; ++i.inner)
        if (key.variable_of(i) == name) return Match{&key, i};
  }
  return std::nullopt;
}

std::unexpected<Error> unknown(std::string_view name, const std::function<std::string(const Key&)>& spell) {
  std::vector<std::string> spelled;
  for (const auto& key : all_keys()) spelled.push_back(spell(key));
  const std::string meant = nearest(name, spelled);
  return fail(Code::invalid, "config.unknown",
              meant.empty()
                  ? fmt::format("{} is not a configuration key; `allauth config print` shows all", name)
                  : fmt::format("{} is not a configuration key; did you mean {}?", name, meant));
}

class Loader {
 public:
  Result<void> set(const Match& match, std::string_view value, const std::string& origin) {
    if (auto done = match.key->set(loaded_.config, match.index, value); !done)
      return fail(Code::invalid, done.error().reason,
                  fmt::format("{} ({}): {}", match.key->path_of(match.index), origin, done.error().message));
    loaded_.origin[match.key->path_of(match.index)] = origin;
    return {};
  }
  Result<LoadedConfig> finish() &&;

 private:
  LoadedConfig loaded_;
};

std::unexpected<Error> missing(std::string_view path, std::string_view why) {
  return fail(Code::invalid, "config.missing", fmt::format("{} is missing: {}", path, why));
}

Result<void> check_tls(const TlsConfig& tls, const std::string& at) {
  if (tls.certificate.empty() != tls.key.empty())
    return missing(at + (tls.key.empty() ? ".tls.key" : ".tls.certificate"),
                   "TLS needs both a certificate and its key");
  if (tls.require_client && tls.client_ca.empty())
    return missing(at + ".tls.client_ca", "client certificates cannot be required without their authorities");
  if (!tls.client_ca.empty() && tls.certificate.empty())
    return missing(at + ".tls.certificate", "client certificates need TLS");
  return {};
}

template <class Listener>
Result<void> check_trust(const Listener& listener, const std::string& at) {
  for (const auto& [name, list] : {std::pair("trusted_callers", &listener.trusted_callers),
                                   std::pair("trusted_proxies", &listener.trusted_proxies)})
    if (const auto parsed = Networks::parse(*list); !parsed)
      return fail(Code::invalid, "config.value", fmt::format("{}.{}: {}", at, name, parsed.error().message));
  return {};
}

// No less than the longest poll interval, so that a node that runs is not left behind.
constexpr Millis kLeastRetention{10'000};
constexpr Millis kMostRetention = std::chrono::hours(36'500 * 24);

// The URL is not told: it may hold a password.
Result<void> check_store(const StoreConfig& store) {
  const std::string& url = store.url.text;
  if (!url.empty() && !url.starts_with("postgresql://") && !url.starts_with("postgres://"))
    return fail(Code::invalid, "config.value", "store.url must begin with postgresql:// (or be empty)");
  if (url.empty() && !store.password_file.empty())
    return missing("store.url", "whose password is in store.password_file?");
  if (store.log_retention < kLeastRetention || store.log_retention > kMostRetention)
    return fail(Code::invalid, "config.range", "store.log_retention must be 10s to 36500d");
  if (store.audit_retention < store.log_retention || store.audit_retention > kMostRetention)
    return fail(Code::invalid, "config.range",
                "store.audit_retention must be at least store.log_retention, and at most 36500d");
  return {};
}

Result<void> check_redis(const RedisConfig& redis) {
  if (redis.url.text.empty() && !redis.password_file.empty())
    return missing("redis.url", "whose password is in redis.password_file?");
  return {};
}

Result<void> range(std::string_view path, std::int64_t value, std::int64_t least, std::int64_t most) {
  if (value >= least && value <= most) return {};
  return fail(Code::invalid, "config.range", fmt::format("{} must be {} to {}", path, least, most));
}

Result<void> check_tokens(const TokenConfig& tokens, const UserTokenLimits& users) {
  TRY(range("tokens.access_lifetime in seconds", tokens.access_lifetime.count(), 10, 86'400));
  TRY(range("tokens.refresh_lifetime in seconds", tokens.refresh_lifetime.count(), 60, 400 * 86'400));
  TRY(range("limits.tokens.per_user", users.per_user, 0, 10'000));
  TRY(range("limits.tokens.scopes", users.scopes, 1, 1000));
  return range("limits.tokens.lifetime in seconds", users.lifetime.count(), 0, 3'650 * 86'400);
}

Result<void> check_grpc(const GrpcConfig& grpc, const std::string& at) {
  if (!grpc.is_off()) TRY(parse_address(grpc.address, at + ".address"));
  TRY(check_tls(grpc.tls, at));
  TRY(check_trust(grpc, at));
  TRY(range(at + ".max_message", grpc.max_message, 1024, 64 << 20));
  TRY(range(at + ".max_streams", grpc.max_streams, 1, 10'000));
  TRY(range(at + ".max_call_time in ms", grpc.max_call_time.count(), 100, 3'600'000));
  return {};
}

Result<void> check(const Config& config) {
  TRY(parse_address(config.operations_address, "operations_address"));
  for (std::size_t i = 0; i < config.listeners.size(); ++i) {
    const std::string at = fmt::format("listener.{}", i);
    TRY(parse_address(config.listeners[i].address, at + ".address"));
    TRY(check_tls(config.listeners[i].tls, at));
    TRY(check_trust(config.listeners[i], at));
    TRY(check_mounts(config.listeners[i].mounts, at));
  }
  for (std::size_t i = 0; i < config.grpc.size(); ++i)
    TRY(check_grpc(config.grpc[i], fmt::format("grpc.{}", i)));
  for (std::size_t i = 0; i < config.gateways.size(); ++i) {
    const auto& gateway = config.gateways[i];
    const std::string at = fmt::format("gateway.{}", i);
    if (gateway.address.empty()) return missing(at + ".address", "where shall MQTT clients connect?");
    if (gateway.upstream.address.empty())
      return missing(at + ".upstream.address", "which broker is behind it?");
    if (gateway.upstream.username.size() > 1024)
      return fail(Code::invalid, "config.range", at + ".upstream.username has more than 1024 bytes");
    TRY(parse_address(gateway.address, at + ".address"));
    TRY(parse_address(gateway.upstream.address, at + ".upstream.address"));
    TRY(check_tls(gateway.tls, at));
  }
  TRY(range("threads", config.threads, 0, 256));
  TRY(check_store(config.store));
  TRY(check_redis(config.redis));
  TRY(check_roles(config));
  TRY(range("stream.max_followers", config.stream.max_followers, 1, 10'000));
  TRY(range("upstream_api.connect_timeout in ms", config.upstream_api.connect_timeout.count(), 100, 60'000));
  TRY(range("upstream_api.login_timeout in ms", config.upstream_api.login_timeout.count(), 100, 60'000));
  TRY(range("store.connect_timeout in ms", config.store.connect_timeout.count(), 100, 60'000));
  TRY(range("store.statement_timeout in ms", config.store.statement_timeout.count(), 100, 3'600'000));
  TRY(range("store.readers", config.store.readers, 1, 64));
  TRY(range("store.write_queue", config.store.write_queue, 1, 1'000'000));
  TRY(range("store.poll_interval in ms", config.store.poll_interval.count(), 10, 10'000));
  TRY(range("redis.timeout in ms", config.redis.timeout.count(), 100, 60'000));
  TRY(range("store.max_staleness in ms", config.store.max_staleness.count(), 1000, 86'400'000));
  TRY(range("store.freshness_wait in ms", config.store.freshness_wait.count(), 0, 60'000));
  TRY(range("password.threads", config.password.threads, 0, 64));
  TRY(range("password.queue", config.password.queue, 1, 10'000));
  TRY(range("password.min_length", config.password.min_length, 8, 64));
  TRY(range("password.min_score", config.password.min_score, 0, 4));
  TRY(range("http.max_body", config.http.max_body, 1024, 64 << 20));
  TRY(check_tokens(config.tokens, config.limits.tokens));
  for (const auto& gateway : config.gateways)
    TRY(range("gateway.*.max_packet", gateway.max_packet, 128, 256 << 20));
  return {};
}

Result<LoadedConfig> Loader::finish() && {
  if (loaded_.config.listeners.empty() && loaded_.config.roles.api) loaded_.config.listeners.emplace_back();
  for (auto& listener : loaded_.config.listeners)
    if (listener.mounts.empty()) listener.mounts.emplace_back();
  if (loaded_.config.grpc.empty() && loaded_.config.roles.api) loaded_.config.grpc.emplace_back();
  TRY(check(loaded_.config));
  return std::move(loaded_);
}

}  // namespace

Result<LoadedConfig> load_config(const ConfigSources& sources) {
  Loader loader;
  const auto path_of = [](const Key& key) { return key.path_of({}); };
  if (!sources.file_name.empty()) {
    TRY(const auto flat, flatten_toml(sources.file_text, sources.file_name));
    for (const auto& [path, value] : flat) {
      const auto match = match_path(path);
      if (!match) return unknown(path, path_of);
      TRY(loader.set(*match, value, sources.file_name));
    }
  }
  for (const auto& [name, value] : sources.variables) {
    const auto match = match_variable(name);
    if (!match) return unknown(name, [](const Key& key) { return key.variable_of({}); });
    TRY(loader.set(*match, value, name));
  }
  for (const auto& [path, value] : sources.flags) {
    const auto match = match_path(path);
    if (!match) return unknown("--" + path, [](const Key& key) { return "--" + key.path_of({}); });
    TRY(loader.set(*match, value, "--" + path));
  }
  return std::move(loader).finish();
}

}  // namespace allauth::server
