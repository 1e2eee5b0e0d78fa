#include "server/config/keys.h"

#include "base/text.h"
#include "server/config/values.h"

namespace allauth::server {
namespace {

// Where a value lies in a Config: at a fixed place, or in an entry of a list.
template <class T>
using Place = std::function<T&(Config&, Index)>;

template <class T>
Key key(std::string path, std::string help, Place<T> place) {
  return Key{.path = std::move(path),
             .type = key_type<T>(),
             .help = std::move(help),
             .set = [place](Config& config, Index index, std::string_view text) -> Result<void> {
               TRY(place(config, index), parse_value<T>(text));
               return {};
             },
             .get =
                 [place](const Config& config, Index index) {
                   return print_value(place(const_cast<Config&>(config), index));  // NOLINT: only read
                 }};
}

template <class T, class... Path>
Key fixed(std::string path, std::string help, T Config::* member) {
  return key<T>(std::move(path), std::move(help), [member](Config& c, Index) -> T& { return c.*member; });
}

template <class T, class Part>
Key part(std::string path, std::string help, Part Config::* outer, T Part::* member) {
  return key<T>(std::move(path), std::move(help),
                [outer, member](Config& c, Index) -> T& { return (c.*outer).*member; });
}

template <class Entry>
Entry& entry(std::vector<Entry>& list, std::size_t index) {
  if (list.size() <= index) list.resize(index + 1);
  return list[index];
}

template <class T, class Entry>
Key item(std::string path, std::string help, std::vector<Entry> Config::* list, T Entry::* member) {
  return key<T>(std::move(path), std::move(help),
                [list, member](Config& c, Index i) -> T& { return entry(c.*list, i.outer).*member; });
}

template <class T, class Entry, class Part>
Key item(std::string path, std::string help, std::vector<Entry> Config::* list, Part Entry::* outer,
         T Part::* member) {
  return key<T>(std::move(path), std::move(help), [list, outer, member](Config& c, Index i) -> T& {
    return (entry(c.*list, i.outer).*outer).*member;
  });
}

template <class T, class Entry, class Inner>
Key inner_item(std::string path, std::string help, std::vector<Entry> Config::* list,
               std::vector<Inner> Entry::* inner, T Inner::* member) {
  return key<T>(std::move(path), std::move(help), [list, inner, member](Config& c, Index i) -> T& {
    return entry(entry(c.*list, i.outer).*inner, i.inner).*member;
  });
}

template <class Entry>
void add_trust(std::vector<Key>& keys, const std::string& at, std::vector<Entry> Config::* list) {
  keys.push_back(item(at + "trusted_callers",
                      "Networks (10.0.0.0/8), loopback or unix, separated by commas, whose callers need no "
                      "credentials for what a dialect leaves open to its neighbours.",
                      list, &Entry::trusted_callers));
  keys.push_back(
      item(at + "trusted_proxies",
           "Networks of the proxies in front, likewise; what they say in Forwarded or X-Forwarded-For "
           "is believed.",
           list, &Entry::trusted_proxies));
}

template <class Entry>
void add_tls(std::vector<Key>& keys, const std::string& at, std::vector<Entry> Config::* list) {
  keys.push_back(item(at + "tls.certificate", "PEM file with the certificate chain; empty for clear text.",
                      list, &Entry::tls, &TlsConfig::certificate));
  keys.push_back(item(at + "tls.key", "PEM file with the private key, readable by its owner only.", list,
                      &Entry::tls, &TlsConfig::key));
  keys.push_back(item(at + "tls.client_ca",
                      "PEM file with the authorities of client certificates; empty: none are asked for.",
                      list, &Entry::tls, &TlsConfig::client_ca));
  keys.push_back(item(at + "tls.require_client", "Refuse clients that show no certificate.", list,
                      &Entry::tls, &TlsConfig::require_client));
}

void add_listener(std::vector<Key>& keys) {
  const std::string at = "listener.*.";
  const auto list = &Config::listeners;
  keys.push_back(
      item(at + "address", "Where the API listens, as host:port.", list, &ListenerConfig::address));
  keys.push_back(item(at + "allow_plaintext", "Allow clear text on an address that is not loopback.", list,
                      &ListenerConfig::allow_plaintext));
  keys.push_back(item(at + "max_connections", "Connections at the same time; more are closed at once.", list,
                      &ListenerConfig::max_connections));
  keys.push_back(item(at + "max_per_address", "Of those, from one IP address; 0 means no further limit.",
                      list, &ListenerConfig::max_per_address));
  add_trust(keys, at, list);
  add_tls(keys, at, list);
  keys.push_back(inner_item(at + "mounts.*.at",
                            "Prefix of the paths that a face answers; / is all that no other mount takes.",
                            list, &ListenerConfig::mounts, &MountConfig::at));
  keys.push_back(inner_item(at + "mounts.*.face", "The face: native is the API of this program.", list,
                            &ListenerConfig::mounts, &MountConfig::face));
}

void add_grpc(std::vector<Key>& keys) {
  const std::string at = "grpc.*.";
  const auto list = &Config::grpc;
  keys.push_back(item(at + "address", "Where gRPC listens, as host:port; off: this entry does not listen.",
                      list, &GrpcConfig::address));
  keys.push_back(item(at + "allow_plaintext", "Allow clear text on an address that is not loopback.", list,
                      &GrpcConfig::allow_plaintext));
  keys.push_back(item(at + "max_connections", "Connections at the same time; more are closed at once.", list,
                      &GrpcConfig::max_connections));
  keys.push_back(item(at + "max_per_address", "Of those, from one IP address; 0 means no further limit.",
                      list, &GrpcConfig::max_per_address));
  keys.push_back(
      item(at + "max_message", "Largest message in bytes, either way.", list, &GrpcConfig::max_message));
  keys.push_back(
      item(at + "max_streams", "Calls at the same time on one connection.", list, &GrpcConfig::max_streams));
  keys.push_back(item(at + "max_call_time", "How long a call may take that does not stream its answers.",
                      list, &GrpcConfig::max_call_time));
  keys.push_back(item(at + "faces",
                      "What is served, separated by commas: native is the API of this program. Health and "
                      "reflection come with it.",
                      list, &GrpcConfig::faces));
  add_trust(keys, at, list);
  add_tls(keys, at, list);
}

void add_gateway(std::vector<Key>& keys) {
  const std::string at = "gateway.*.";
  const auto list = &Config::gateways;
  const auto upstream = &GatewayConfig::upstream;
  keys.push_back(
      item(at + "address", "Where MQTT clients connect, as host:port.", list, &GatewayConfig::address));
  keys.push_back(item(at + "allow_plaintext", "Allow clear text on an address that is not loopback.", list,
                      &GatewayConfig::allow_plaintext));
  keys.push_back(item(at + "max_connections", "Connections at the same time; more are closed at once.", list,
                      &GatewayConfig::max_connections));
  keys.push_back(item(at + "max_per_address", "Of those, from one IP address; 0 means no further limit.",
                      list, &GatewayConfig::max_per_address));
  keys.push_back(item(at + "max_packet", "Largest MQTT packet in bytes.", list, &GatewayConfig::max_packet));
  keys.push_back(item(at + "connect_timeout", "How long a new connection may take to send its CONNECT.", list,
                      &GatewayConfig::connect_timeout));
  add_tls(keys, at, list);
  keys.push_back(
      item(at + "upstream.address", "The broker, as host:port.", list, upstream, &UpstreamConfig::address));
  keys.push_back(item(at + "upstream.tls", "Speak TLS to the broker.", list, upstream, &UpstreamConfig::tls));
  keys.push_back(item(at + "upstream.ca",
                      "PEM file with the authorities of the broker's certificate; empty: the system's.", list,
                      upstream, &UpstreamConfig::ca));
  keys.push_back(item(at + "upstream.username", "User name that the gateway shows to the broker.", list,
                      upstream, &UpstreamConfig::username));
  keys.push_back(item(at + "upstream.password_file",
                      "File with the password that the gateway shows to the broker.", list, upstream,
                      &UpstreamConfig::password_file));
}

void add_nodes(std::vector<Key>& keys) {
  const auto stream = &Config::stream;
  const auto api = &Config::upstream_api;
  keys.push_back(
      part("stream.trusted_clients",
           "Names in client certificates (CN, DNS, URI) that may follow the log, separated by commas.",
           stream, &StreamConfig::trusted_clients));
  keys.push_back(part("stream.max_followers", "Nodes that may follow the log at the same time.", stream,
                      &StreamConfig::max_followers));
  keys.push_back(
      part("upstream_api.url",
           "API nodes that a gateway without a database follows, as https://host:port, separated by "
           "commas.",
           api, &UpstreamApiConfig::url));
  keys.push_back(part("upstream_api.ca",
                      "PEM file with the authorities of their certificates; empty: the system's.", api,
                      &UpstreamApiConfig::ca));
  keys.push_back(part("upstream_api.certificate", "PEM file with the certificate to show to them.", api,
                      &UpstreamApiConfig::certificate));
  keys.push_back(
      part("upstream_api.key", "PEM file with the key of that certificate.", api, &UpstreamApiConfig::key));
  keys.push_back(part("upstream_api.token_file", "File with the token that `allauth node enroll` printed.",
                      api, &UpstreamApiConfig::token_file));
  keys.push_back(part("upstream_api.connect_timeout", "How long a connection to them may take to be made.",
                      api, &UpstreamApiConfig::connect_timeout));
  keys.push_back(part("upstream_api.login_timeout", "How long they may take to check a password.", api,
                      &UpstreamApiConfig::login_timeout));
}

void add_limits(std::vector<Key>& keys) {
  using Scope = WorkLimits LimitsConfig::*;
  const auto add = [&](std::string_view scope, std::string_view whose, Scope outer) {
    const auto one = [&](std::string_view work, std::string_view what, Rate WorkLimits::* member) {
      keys.push_back(
          key<Rate>(fmt::format("limits.{}.{}", scope, work), fmt::format("{} {}.", what, whose),
                    [outer, member](Config& c, Index) -> Rate& { return c.limits.*outer.*member; }));
    };
    one("questions", "Calls answered from memory (authenticate, check),", &WorkLimits::questions);
    one("reads", "Calls that read the database,", &WorkLimits::reads);
    one("writes", "Calls that change something,", &WorkLimits::writes);
    one("logins", "Tried passwords, refresh tokens and setup tokens,", &WorkLimits::logins);
  };
  add("source", "from one IPv4 address or IPv6 /64, as \"10/s burst 30\" or \"off\"", &LimitsConfig::source);
  add("principal", "of one user or client, as \"10/s burst 30\" or \"off\"", &LimitsConfig::principal);
  add("domain", "in one domain, as \"10/s burst 30\" or \"off\"", &LimitsConfig::domain);
  const auto failures = [&](std::string_view name, std::string_view what, Rate FailureLimits::* member) {
    keys.push_back(key<Rate>(fmt::format("limits.failures.{}", name), std::string(what),
                             [member](Config& c, Index) -> Rate& { return c.limits.failures.*member; }));
  };
  failures("one", "Wrong passwords or keys for one account from one address, as \"2/m burst 10\" or \"off\".",
           &FailureLimits::one);
  failures("account",
           "Wrong passwords for one account from all addresses together; addresses that have logged in to it "
           "lately are exempt.",
           &FailureLimits::account);
  failures("source",
           "Wrong passwords from one address for all accounts together; accounts that have logged in there "
           "lately are exempt.",
           &FailureLimits::source);
  const auto tokens = [&](std::string_view name, std::string_view what, auto member) {
    using Member = std::remove_reference_t<decltype(std::declval<UserTokenLimits&>().*member)>;
    keys.push_back(key<Member>(fmt::format("limits.tokens.{}", name), std::string(what),
                               [member](Config& c, Index) -> Member& { return c.limits.tokens.*member; }));
  };
  tokens("per_user", "How many personal tokens a user may have, and how many API keys.",
         &UserTokenLimits::per_user);
  tokens("scopes", "How many scopes a personal token may have.", &UserTokenLimits::scopes);
  tokens("lifetime", "How long personal tokens and API keys live at most; 0s means for ever.",
         &UserTokenLimits::lifetime);
  keys.push_back(part("limits.exempt_loopback", "Do not limit what comes from this machine by its address.",
                      &Config::limits, &LimitsConfig::exempt_loopback));
}

void add_quotas(std::vector<Key>& keys) {
  const auto add = [&](std::string_view what, std::string_view named, std::int64_t QuotasConfig::* member) {
    keys.push_back(part(fmt::format("quotas.{}", what),
                        fmt::format("How many {} a domain may have that has no quota of its own; 0 means no "
                                    "limit.",
                                    named),
                        &Config::quotas, member));
  };
  add("members", "users with a role on it", &QuotasConfig::members);
  add("clients", "clients", &QuotasConfig::clients);
  add("channels", "channels", &QuotasConfig::channels);
  add("groups", "groups", &QuotasConfig::groups);
  add("roles", "roles, on everything in it,", &QuotasConfig::roles);
  add("connections", "connections of clients to channels", &QuotasConfig::connections);
  add("client_keys", "client keys", &QuotasConfig::client_keys);
  keys.push_back(part("quotas.domains_per_user", "How many domains one user may make; 0 means no limit.",
                      &Config::quotas, &QuotasConfig::domains_per_user));
}

void add_policy(std::vector<Key>& keys) {
  keys.push_back(part("policy.max_relationships",
                      "How many relationships of the installation's own kinds there may be.", &Config::policy,
                      &PolicyConfig::max_relationships));
}

void add_log(std::vector<Key>& keys) {
  keys.push_back(part("log.level", "Least level that is logged: debug, info, warn or error.", &Config::log,
                      &LogConfig::level));
  keys.push_back(part("log.format", "human or json.", &Config::log, &LogConfig::format));
  keys.push_back(part("log.requests",
                      "Which requests have a line in the log, at info: all, errors (what was refused or "
                      "failed) or none.",
                      &Config::log, &LogConfig::requests));
  keys.push_back(part("log.slow_request", "A request that takes so long is logged at warn; 0s: none is.",
                      &Config::log, &LogConfig::slow_request));
  keys.push_back(part("log.slow_statement",
                      "An SQL statement that takes so long is logged at warn, by its name; 0s: none is.",
                      &Config::log, &LogConfig::slow_statement));
}

std::vector<Key> make_keys() {
  std::vector<Key> keys;
  keys.push_back(fixed("data_dir", "Folder of the database and the master key.", &Config::data_dir));
  keys.push_back(fixed("master_key_file",
                       "File of the keys that seal secrets in the database; empty: master.key in data_dir.",
                       &Config::master_key_file));
  keys.push_back(
      fixed("roles", "What the node does: api, gateway, or both, separated by a comma.", &Config::roles));
  keys.push_back(fixed("threads", "I/O threads; 0 means one per core.", &Config::threads));
  keys.push_back(fixed("drain_timeout", "How long a stop waits for requests that are being answered.",
                       &Config::drain_timeout));
  keys.push_back(fixed("operations_address", "Where /livez, /readyz and /metrics are served, as host:port.",
                       &Config::operations_address));
  add_log(keys);
  keys.push_back(
      part("http.max_body", "Largest request body in bytes.", &Config::http, &HttpConfig::max_body));
  keys.push_back(part("http.head_timeout", "How long a request head may take.", &Config::http,
                      &HttpConfig::head_timeout));
  keys.push_back(part("http.body_timeout", "How long a request body may take.", &Config::http,
                      &HttpConfig::body_timeout));
  keys.push_back(part("http.idle_timeout", "How long a connection may wait for its next request.",
                      &Config::http, &HttpConfig::idle_timeout));
  add_limits(keys);
  add_quotas(keys);
  add_policy(keys);
  keys.push_back(
      part("tokens.issuer", "The `iss` of our access tokens.", &Config::tokens, &TokenConfig::issuer));
  keys.push_back(
      part("tokens.audience", "The `aud` of our access tokens.", &Config::tokens, &TokenConfig::audience));
  keys.push_back(part("tokens.access_lifetime", "How long an access token is good.", &Config::tokens,
                      &TokenConfig::access_lifetime));
  keys.push_back(part("tokens.refresh_lifetime", "How long a login can be renewed.", &Config::tokens,
                      &TokenConfig::refresh_lifetime));
  keys.push_back(part("tokens.algorithm",
                      "Of the next key that is made to sign access tokens, the first one among them: es256, "
                      "eddsa, or rs256 for those who know no other.",
                      &Config::tokens, &TokenConfig::algorithm));
  keys.push_back(
      part("password.memory_kib", "Argon2id memory in KiB.", &Config::password, &PasswordConfig::memory_kib));
  keys.push_back(part("password.passes", "Argon2id passes.", &Config::password, &PasswordConfig::passes));
  keys.push_back(part("password.threads", "Threads that hash passwords; 0 means half of the cores.",
                      &Config::password, &PasswordConfig::threads));
  keys.push_back(part("password.queue", "Logins that may wait for a hashing thread; more are refused.",
                      &Config::password, &PasswordConfig::queue));
  keys.push_back(
      part("password.min_length",
           "Characters that a new password has at least; below 15 only where it is never the only factor.",
           &Config::password, &PasswordConfig::min_length));
  keys.push_back(part("password.min_score",
                      "How hard a new password must be to guess, by zxcvbn's score: 0 (anything goes) to 4.",
                      &Config::password, &PasswordConfig::min_score));
  keys.push_back(
      part("password.context_words",
           "Words that make a password easy to guess here, such as the names of your organisation and "
           "product, separated by commas.",
           &Config::password, &PasswordConfig::context_words));
  keys.push_back(
      part("password.deny_list",
           "File with passwords that nobody may choose, one per line, of at most 256 MiB; read at start.",
           &Config::password, &PasswordConfig::deny_list));
  keys.push_back(part("store.url",
                      "PostgreSQL database, as postgresql://user@host:port/name with parameters of libpq; "
                      "empty: SQLite in data_dir.",
                      &Config::store, &StoreConfig::url));
  keys.push_back(part("store.password_file", "File with the password of the user in store.url.",
                      &Config::store, &StoreConfig::password_file));
  keys.push_back(part("store.connect_timeout", "How long a connection to PostgreSQL may take to be made.",
                      &Config::store, &StoreConfig::connect_timeout));
  keys.push_back(part("store.statement_timeout", "How long PostgreSQL may take for a statement.",
                      &Config::store, &StoreConfig::statement_timeout));
  keys.push_back(part("store.migrate",
                      "Whether a start brings the schema up to date: auto, never, or default, which is auto "
                      "for SQLite and never for PostgreSQL (see `allauth migrate up`).",
                      &Config::store, &StoreConfig::migrate));
  keys.push_back(part("store.readers", "Threads and connections that read from the database.", &Config::store,
                      &StoreConfig::readers));
  keys.push_back(part("store.write_queue", "Writes that may wait for the database; more are refused.",
                      &Config::store, &StoreConfig::write_queue));
  keys.push_back(part("store.poll_interval", "How often the log is looked at for what other nodes wrote.",
                      &Config::store, &StoreConfig::poll_interval));
  keys.push_back(part("store.max_staleness",
                      "Cut off from the log for longer than this, a node decides nothing any more.",
                      &Config::store, &StoreConfig::max_staleness));
  keys.push_back(part("store.freshness_wait",
                      "How long a request with Allauth-At-Least may wait for that revision.", &Config::store,
                      &StoreConfig::freshness_wait));
  keys.push_back(
      part("store.log_retention",
           "How long the log keeps what rows became with each change; a node or gateway that was away "
           "for longer reads the whole state anew.",
           &Config::store, &StoreConfig::log_retention));
  keys.push_back(part("store.audit_retention", "How long the log keeps who did what; not less than that.",
                      &Config::store, &StoreConfig::audit_retention));
  keys.push_back(part("redis.url",
                      "Redis through which nodes on one database tell each other of changes, as "
                      "redis://user:password@host:port; empty: none.",
                      &Config::redis, &RedisConfig::url));
  keys.push_back(part("redis.password_file", "File with the password for Redis.", &Config::redis,
                      &RedisConfig::password_file));
  keys.push_back(part("redis.timeout", "How long Redis may take to be connected to, and for each answer.",
                      &Config::redis, &RedisConfig::timeout));
  add_nodes(keys);
  add_listener(keys);
  add_grpc(keys);
  add_gateway(keys);
  return keys;
}

}  // namespace

std::string Key::path_of(Index index) const {
  std::string spelled = path;
  for (const auto n : {index.outer, index.inner})
    if (const auto star = spelled.find(".*."); star != std::string::npos)
      spelled.replace(star + 1, 1, fmt::to_string(n));
  return spelled;
}

std::string Key::variable_of(Index index) const {
  std::string name = "ALLAUTH_";
  for (char c : path_of(index)) {
    if (c == '.') c = '_';
    name += (c >= 'a' && c <= 'z') ? static_cast<char>(c - 'a' + 'A') : c;
  }
  return name;
}

const std::vector<Key>& all_keys() {
  static const std::vector<Key> keys = make_keys();
  return keys;
}

std::vector<Index> places(const Config& config, const Key& key) {
  std::vector<Index> all;
  if (key.path.starts_with("listener.")) {
    for (std::size_t i = 0; i < config.listeners.size(); ++i)
      for (std::size_t j = 0; j < (key.in_inner_list() ? config.listeners[i].mounts.size() : 1); ++j)
        all.push_back({i, j});
  } else if (key.path.starts_with("grpc.")) {
    for (std::size_t i = 0; i < config.grpc.size(); ++i) all.push_back({i, 0});
  } else if (key.path.starts_with("gateway.")) {
    for (std::size_t i = 0; i < config.gateways.size(); ++i) all.push_back({i, 0});
  } else {
    all.push_back({});
  }
  return all;
}

}  // namespace allauth::server
