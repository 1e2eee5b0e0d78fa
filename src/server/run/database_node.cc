#include "server/run/database_node.h"

#include <array>

#include <unistd.h>

#include "app/access/built_in_roles.h"
#include "app/access/roles.h"
#include "app/identity/setup.h"
#include "base/text.h"
#include "crypto/hash.h"
#include "server/config/roles.h"
#include "server/config/values.h"
#include "server/run/face_deps.h"
#include "server/run/password_rules.h"
#include "server/run/questions.h"
#include "server/run/server.h"
#include "store/lookups.h"
#include "store/rows.h"
#include "wire/openapi/routes.h"
#include "wire/rest/face.h"
#include "wire/rpc/face.h"

namespace allauth::server {
namespace {

http::Response jwks_response(const std::string& jwks) {
  return {.status = 200,
          .headers = {{"Content-Type", "application/jwk-set+json"}, {"Cache-Control", "public, max-age=300"}},
          .body = jwks};
}

// Of this run of the program.
store::NodeIdentity identity(Ground& ground) {
  std::array<char, 256> host{};
  if (::gethostname(host.data(), host.size() - 1) != 0 || !is_utf8(host.data())) host.front() = '\0';
  return {.id = ground.ids.next(),
          .name = fmt::format("{}:{}", host.data(), ::getpid()),
          .version = ALLAUTH_VERSION,
          .roles = print_value(ground.config.roles)};
}

crypto::Algorithm algorithm_of(TokenAlgorithm algorithm) {
  switch (algorithm) {
    case TokenAlgorithm::es256:
      return crypto::Algorithm::es256;
    case TokenAlgorithm::eddsa:
      return crypto::Algorithm::eddsa;
    case TokenAlgorithm::rs256:
      return crypto::Algorithm::rs256;
  }
  return crypto::Algorithm::es256;
}

// The nodes of an installation have this key in common, and share it with nobody.
std::string hints_channel(const Secret& digest_key) {
  const auto mac =
      digest_key.with([](std::string_view key) { return crypto::hmac_sha256(key, "the channel of hints"); });
  std::string channel = "allauth:log:";
  for (const auto byte : std::span(mac).first(16)) channel += fmt::format("{:02x}", byte);
  return channel;
}

}  // namespace

DatabaseNode::DatabaseNode(Ground& ground)
    : ground_(ground),
      readers_({.threads = static_cast<std::size_t>(ground.config.store.readers),
                .max_queue = 1024,
                .name = "reader"},
               ground.clock, ground.log, ground.metrics),
      hashers_({.threads = or_default(ground.config.password.threads, std::max<std::size_t>(1, cores() / 2)),
                .max_queue = static_cast<std::size_t>(ground.config.password.queue),
                .name = "hasher"},
               ground.clock, ground.log, ground.metrics) {}

Result<std::unique_ptr<DatabaseNode>> DatabaseNode::open(Ground& ground) {
  std::unique_ptr<DatabaseNode> node(new DatabaseNode(ground));
  TRY(prepare_data_dir(ground.config));
  TRY(node->open_store());
  TRY(node->prepare_platform());
  TRY(node->open_watching());
  node->make_backend();
  node->expiry_ = std::make_unique<Expiry>(*node->store_, ground.clock, ground.log);
  return node;
}

Result<void> DatabaseNode::open_store() {
  const Config& config = ground_.config;
  TRY(store_, store::Store::open({.clock = ground_.clock,
                                  .entropy = ground_.entropy,
                                  .log = ground_.log,
                                  .metrics = ground_.metrics,
                                  .location = database_location(config),
                                  .database = database_options(config),
                                  .readers = static_cast<std::size_t>(config.store.readers),
                                  .max_queued_writes = static_cast<std::size_t>(config.store.write_queue),
                                  .poll_interval = config.store.poll_interval,
                                  .retention = store::Retention{.images = config.store.log_retention,
                                                                .acts = config.store.audit_retention},
                                  .slow_statement = config.log.slow_statement,
                                  .quotas = quotas_of(config.quotas),
                                  .node = identity(ground_),
                                  .migrating = migrating(config)}));
  const auto algorithm = algorithm_of(config.tokens.algorithm);
  TRY(auto keys, open_keys(master_key_file(config), *store_, ground_.entropy, algorithm));
  if (keys.signing.algorithm() != algorithm)
    ground_.log.info("tokens.algorithm is for the next signing key",
                     {{"current", std::string(crypto::jose_name(keys.signing.algorithm()))}});
  Secret digest_key = keys.digest_key.copy();
  TRY(make_core(std::move(keys)));
  TRY(app::complete_built_in_roles(*store_));
  TRY(end_expired_memberships(*store_, ground_.clock));
  TRY(ground_.hub.follow(*store_));
  ground_.hub.watch(store_->shared() ? std::optional(config.store.max_staleness) : std::nullopt);
  TRY(auto repeats, app::Repeats::make(digest_key, ground_.entropy));
  repeats_ = std::make_unique<app::Repeats>(std::move(repeats));
  TRY(open_hints(digest_key));
  TRY(open_stream(std::move(digest_key)));
  return store_->follow({.load = [this](store::Read&) -> Result<void> {
                           tokens_->forget();
                           return {};
                         },
                         .applied =
                             [this](const store::AppliedBatch& batch) {
                               for (const auto& entry : batch.entries)
                                 for (const auto& image : entry.images)
                                   if (image.kind == ImageKind::signing_key) tokens_->forget();
                             }});
}

Result<void> DatabaseNode::make_core(Keys keys) {
  const Config& config = ground_.config;
  TRY(const auto params, crypto::PasswordParams::make(static_cast<std::uint32_t>(config.password.memory_kib),
                                                      static_cast<std::uint32_t>(config.password.passes)));
  TRY(auto new_passwords, password_rules(config.password, ground_.log));
  digests_ = std::make_unique<app::KeyDigests>(
      keys.digest_key.with([](std::string_view key) { return app::KeyDigests(key); }));
  const app::AccessRules rules{config.tokens.issuer, config.tokens.audience};
  tokens_ = std::make_unique<app::AccessTokens>(rules, std::move(keys.trusted));
  issuer_ = std::make_unique<app::TokenIssuer>(
      rules, app::Lifetimes{config.tokens.access_lifetime, config.tokens.refresh_lifetime},
      std::move(keys.signing), std::move(keys.tokens));
  core_ = std::make_unique<app::Core>(
      app::Core{.clock = ground_.clock,
                .entropy = ground_.entropy,
                .ids = ground_.ids,
                .snapshots = ground_.hub,
                .engine = ground_.engine,
                .tokens = *tokens_,
                .digests = *digests_,
                .throttle = ground_.throttle,
                .password_params = params,
                .dummy_record = crypto::dummy_phc(params, ground_.entropy),
                .quotas = quotas_of(config.quotas),
                .domains_per_user = config.quotas.domains_per_user,
                .most_relationships = static_cast<std::uint64_t>(config.policy.max_relationships),
                .token_limits = {.per_user = config.limits.tokens.per_user,
                                 .scopes = config.limits.tokens.scopes,
                                 .lifetime = config.limits.tokens.lifetime},
                .password_rules = std::move(new_passwords)});
  return {};
}

Result<void> DatabaseNode::open_hints(const Secret& digest_key) {
  const RedisConfig& config = ground_.config.redis;
  if (config.url.text.empty()) return {};
  TRY(auto target, parse_redis_url(config.url.text, config.password_file));
  if (!store_->shared()) {
    ground_.log.warn("redis.url is of no use: no other node can be on this database");
    return {};
  }
  hints_ = std::make_unique<RedisHints>(
      RedisHints::Deps{ground_.clock, ground_.entropy, ground_.log, ground_.metrics},
      RedisHintsOptions{
          .target = std::move(target), .channel = hints_channel(digest_key), .timeout = config.timeout},
      [this](std::optional<Revision> said) {
        if (said) return store_->hint(*said);
        store_->hint();
        return true;
      });
  return store_->follow({.committed = [this](Revision revision) { hints_->tell(revision); }});
}

Result<void> DatabaseNode::open_stream(Secret digest_key) {
  const Config& config = ground_.config;
  access_ =
      std::make_unique<NodeAccess>(*core_, issuer_->digests(), split_list(config.stream.trusted_clients));
  if (!config.roles.api) return {};
  TRY(feed_, LogFeed::start({.store = *store_,
                             .hub = ground_.hub,
                             .clock = ground_.clock,
                             .log = ground_.log,
                             .metrics = ground_.metrics},
                            {.max_followers = static_cast<std::size_t>(config.stream.max_followers)}));
  Hello hello{.issuer = tokens_->rules().issuer,
              .audience = tokens_->rules().audience,
              .keys = {},
              .digest_key = std::move(digest_key)};
  for (const auto& key : tokens_->trusted().keys()) hello.keys.push_back(key.jwk());
  door_ = std::make_unique<StreamDoor>(*access_, *feed_, std::move(hello));
  return {};
}

Result<void> DatabaseNode::open_watching() {
  TRY(watching_,
      app::Watching::start({.store = *store_,
                            .clock = ground_.clock,
                            .metrics = ground_.metrics,
                            .readers = [this](auto job) { return readers_.submit({}, std::move(job)); }},
                           {}));
  return {};
}

Result<void> DatabaseNode::prepare_platform() {
  TRY(const bool prepared, store_->read([](store::Read& read) { return app::is_prepared(read); }));
  if (prepared) return {};
  Secret token = app::make_setup_token(ground_.entropy);
  const auto done = store_->write(app::prepare_platform(issuer_->digests().setup_token(token)));
  if (done)
    setup_token_ = std::move(token);
  else if (done.error().reason != Reason("row.exists"))  // by another node that starts at the same time
    return fail(done.error());
  return {};
}

void DatabaseNode::make_backend() {
  backend_ = std::make_unique<wire::native::Backend>(wire::native::Backend{
      .core = *core_,
      .issuer = *issuer_,
      .store = *store_,
      .watching = *watching_,
      .repeats = *repeats_,
      .readers = [this](auto whose, auto job) { return readers_.submit(whose, std::move(job)); },
      .hashers = [this](auto whose, auto job) { return hashers_.submit(whose, std::move(job)); },
      .is_node =
          [this](const wire::Call& call) {
            return access_->admit(call.peer, call.bearer ? &*call.bearer : nullptr).has_value();
          },
      .version = ALLAUTH_VERSION});
  wire::native::add_all(methods_, *backend_);
}

Result<http::Face> DatabaseNode::face() {
  if (!ground_.config.roles.api) return questions_face(ground_, *core_, backend_->hashers, questions_);
  const auto services = wire::native_services();
  TRY(auto face, wire::RestFace::make(services, methods_, face_deps(ground_, backend_->readers),
                                      {.max_body = static_cast<std::size_t>(ground_.config.http.max_body)}));
  const std::string jwks = crypto::jwks_json(tokens_->trusted());
  TRY(face.route("GET", "/.well-known/jwks.json",
                 [jwks](const http::Request&) { return jwks_response(jwks); }));
  TRY(wire::openapi::add_routes(face, services, wire::openapi::native_options(ALLAUTH_VERSION)));
  TRY(face.route("GET", kStreamPath, [this](const http::Request& request) { return door_->open(request); }));
  return std::move(face).face();
}

Result<wire::RpcMount> DatabaseNode::rpc() {
  if (!ground_.config.roles.api) return questions_rpc(ground_, *core_, backend_->hashers, questions_);
  TRY(auto face,
      wire::RpcFace::make(wire::native_services(), methods_, face_deps(ground_, backend_->readers),
                          {.max_message = static_cast<std::size_t>(ground_.config.http.max_body)}));
  return std::move(face).mount();
}

std::string DatabaseNode::not_ready() const {
  const auto& hub = ground_.hub;
  if (!hub.healthy()) return "The in-memory state could not follow the log; see the server's log.";
  if (!hub.stale()) return {};
  return fmt::format(
      "Nothing was heard of the log for {} s, so nothing is decided; can the database be reached?",
      std::chrono::duration_cast<Seconds>(hub.silence()).count());
}

bool DatabaseNode::lacks_admin() {
  const auto count = store_->read([](store::Read& read) {
    return store::count(read, store::lookup::kCountUsersOfRole, app::kPlatformAdminRole);
  });
  return count && *count == 0;
}

void DatabaseNode::stop() {
  ground_.hub.end_waits();
  if (feed_) feed_->stop();
  if (watching_) watching_->stop();
  readers_.stop();
  hashers_.stop();
  if (expiry_) expiry_->stop();
  if (store_) store_->close();
  if (hints_) hints_->stop();
}

}  // namespace allauth::server
