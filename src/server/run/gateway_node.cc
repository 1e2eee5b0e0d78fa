#include "server/run/gateway_node.h"

#include <fmt/format.h>

#include "codec/base64.h"
#include "crypto/hash.h"
#include "server/config/roles.h"
#include "server/config/secret_file.h"
#include "server/run/questions.h"
#include "wire/rest/problem.h"
#include "wire/rpc/status.h"

namespace allauth::server {
namespace {

constexpr std::size_t kAskers = 8;

Result<std::vector<ApiTarget>> targets_of(const UpstreamApiConfig& upstream) {
  Secret token;
  if (!upstream.token_file.empty()) {
    TRY(token, read_secret_file(upstream.token_file));
  }
  std::vector<ApiTarget> targets;
  for (auto& url : split_list(upstream.url))
    targets.push_back({.server = std::move(url),
                       .token = token.copy(),
                       .ca_file = upstream.ca,
                       .certificate_file = upstream.certificate,
                       .key_file = upstream.key,
                       .from_server = true});
  return targets;
}

std::vector<ApiTarget> copy(const std::vector<ApiTarget>& targets) {
  std::vector<ApiTarget> copied;
  for (const auto& target : targets)
    copied.push_back({.server = target.server,
                      .token = target.token.copy(),
                      .ca_file = target.ca_file,
                      .certificate_file = target.certificate_file,
                      .key_file = target.key_file,
                      .from_server = target.from_server});
  return copied;
}

Error no_state() {
  return {.code = Code::unavailable,
          .reason = "state.unknown",
          .message = "This node has not been told the state of the installation yet.",
          .retry_after = Seconds(1)};
}

Result<crypto::KeySet> key_set(const std::vector<std::string>& jwks) {
  std::vector<crypto::VerifyKey> keys;
  for (const auto& jwk : jwks) {
    TRY(auto key, crypto::VerifyKey::from_jwk(jwk));
    keys.push_back(std::move(key));
  }
  return crypto::KeySet::make(std::move(keys));
}

std::string fingerprint(const Secret& key) {
  return key.with([](std::string_view text) { return std::string(codec::as_text(crypto::sha256(text))); });
}

}  // namespace

struct GatewayNode::Terms {
  Terms(Ground& ground, const Hello& hello, crypto::KeySet trusted, crypto::PasswordParams params,
        const RemotePasswords& passwords)
      : keys(hello.keys),
        digests(hello.digest_key.with([](std::string_view key) { return app::KeyDigests(key); })),
        tokens({hello.issuer, hello.audience}, std::move(trusted)),
        core{.clock = ground.clock,
             .entropy = ground.entropy,
             .ids = ground.ids,
             .snapshots = ground.hub,
             .engine = ground.engine,
             .tokens = tokens,
             .digests = digests,
             .throttle = ground.throttle,
             .password_params = params,
             .dummy_record = {},
             .ask_password = [&passwords](const app::PasswordLogin& login) { return passwords.ask(login); }} {
  }

  bool equals(const Hello& hello) const {
    return keys == hello.keys && tokens.rules() == app::AccessRules{hello.issuer, hello.audience};
  }

  const std::vector<std::string> keys;
  app::KeyDigests digests;
  app::AccessTokens tokens;
  app::Core core;
  wire::MethodTable methods;
  http::Face face;
  wire::RpcMount rpc;
};

Result<std::unique_ptr<GatewayNode>> GatewayNode::start(Ground& ground) {
  TRY(auto targets, targets_of(ground.config.upstream_api));
  std::unique_ptr<GatewayNode> node(new GatewayNode(ground, std::move(targets)));
  ground.hub.watch(ground.config.store.max_staleness);
  node->follower_.start();
  return node;
}

GatewayNode::GatewayNode(Ground& ground, std::vector<ApiTarget> targets)
    : ground_(ground),
      passwords_(copy(targets), ground.config.upstream_api.login_timeout, ground.clock),
      askers_({.threads = or_default(ground.config.password.threads, kAskers),
               .max_queue = static_cast<std::size_t>(ground.config.password.queue),
               .name = "asker"},
              ground.clock, ground.log, ground.metrics),
      follower_(
          {.clock = ground.clock, .entropy = ground.entropy, .log = ground.log, .metrics = ground.metrics},
          {.targets = std::move(targets), .connect_timeout = ground.config.upstream_api.connect_timeout},
          ground.hub,
          {.hello = [this](Hello hello) { return on_hello(std::move(hello)); },
           .loaded = [this] { on_loaded(); }}) {}

GatewayNode::~GatewayNode() { stop(); }

// A node belongs to the installation that it first heard of: another one's digest key means that somebody
// else answers at that address, whose rows must not decide here.
Result<void> GatewayNode::on_hello(Hello hello) {
  auto shown = fingerprint(hello.digest_key);
  if (hello.digest_key.empty() || (!digest_key_fingerprint_.empty() && shown != digest_key_fingerprint_))
    return fail(
        Code::denied, "stream.installation",
        "The server belongs to another installation than the one that this node has followed; restart "
        "this node if that is meant to be.");
  digest_key_fingerprint_ = std::move(shown);
  if (!terms_.empty() && terms_.back()->equals(hello)) return {};
  TRY(make_terms(hello));
  if (loaded_) ready_.store(terms_.back().get());
  return {};
}

Result<void> GatewayNode::make_terms(const Hello& hello) {
  TRY(auto trusted, key_set(hello.keys));
  const auto& password = ground_.config.password;
  TRY(const auto params, crypto::PasswordParams::make(static_cast<std::uint32_t>(password.memory_kib),
                                                      static_cast<std::uint32_t>(password.passes)));
  auto terms = std::make_unique<Terms>(ground_, hello, std::move(trusted), params, passwords_);
  const auto askers = [this](auto whose, auto job) { return askers_.submit(whose, std::move(job)); };
  TRY(terms->face, questions_face(ground_, terms->core, askers, terms->methods));
  TRY(terms->rpc, questions_rpc(ground_, terms->core, askers, terms->methods));
  terms_.push_back(std::move(terms));
  return {};
}

void GatewayNode::on_loaded() {
  loaded_ = true;
  ready_.store(terms_.back().get());
}

const app::Core* GatewayNode::core() const {
  const auto* terms = ready_.load();
  return terms != nullptr ? &terms->core : nullptr;
}

Result<http::Face> GatewayNode::face() {
  return [this](http::Request request, http::Responder respond) {
    if (const auto* terms = ready_.load()) return terms->face(std::move(request), std::move(respond));
    respond(wire::problem(no_state(), ground_.ids.next()));
  };
}

Result<wire::RpcMount> GatewayNode::rpc() {
  return wire::mount_of(wire::question_services(), [this](std::shared_ptr<rpc::ServerCall> call) {
    if (const auto* terms = ready_.load()) return terms->rpc.face(std::move(call));
    call->finish(wire::to_status(no_state(), ground_.ids.next()));
  });
}

std::string GatewayNode::not_ready() const {
  if (ready_.load() == nullptr) return "No API node has told the state of the installation yet.";
  if (!ground_.hub.healthy()) return "What came from the API node could not be applied; see the log.";
  if (!ground_.hub.stale()) return {};
  return fmt::format(
      "Nothing was heard of the log for {} s, so nothing is decided; can an API node be reached?",
      std::chrono::duration_cast<Seconds>(ground_.hub.silence()).count());
}

void GatewayNode::stop() {
  ground_.hub.end_waits();
  follower_.stop();
  askers_.stop();
}

}  // namespace allauth::server
