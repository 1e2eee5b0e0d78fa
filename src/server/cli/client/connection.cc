#include "server/cli/client/connection.h"

#include <csignal>

#include <fmt/format.h>

#include "base/clock.h"
#include "server/cli/client/json.h"
#include "server/cli/client/private_file.h"
#include "server/cli/options.h"
#include "server/config/secret_file.h"

namespace allauth::server::cli {
namespace {

constexpr std::string_view kDefaultServer = "http://127.0.0.1:8080";
constexpr std::int64_t kRenewBefore = 10;  // seconds before the access token expires
constexpr Millis kLongestLock{60'000};

std::int64_t now_in_seconds() {
  SystemClock clock;
  return std::chrono::duration_cast<Seconds>(clock.now().time_since_epoch()).count();
}

std::string first_of(std::initializer_list<std::string> choices) {
  for (const auto& choice : choices)
    if (!choice.empty()) return choice;
  return {};
}

// So that the exit status tells what kind of refusal it was.
Code code_of(long status) {
  if (status == 401) return Code::unauthenticated;
  if (status == 403) return Code::denied;
  if (status == 404) return Code::not_found;
  return status < 500 ? Code::invalid : Code::unavailable;
}

bool says_expired(const Error& error) { return error.detail.starts_with("token.expired"); }

// Between the server's answer and the file, an interrupt would lose the only refresh token that is good.
class NoInterrupt {
 public:
  NoInterrupt() {
    sigset_t held;
    sigemptyset(&held);
    for (const int signal : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&held, signal);
    pthread_sigmask(SIG_BLOCK, &held, &before_);
  }
  ~NoInterrupt() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  NoInterrupt(const NoInterrupt&) = delete;
  NoInterrupt& operator=(const NoInterrupt&) = delete;

 private:
  sigset_t before_{};
};

}  // namespace

Result<Connection> Connection::open(const Options& options) {
  TRY(const auto profiles, load_profiles());
  Connection made;
  made.profile_name_ = first_of(
      {options.find("profile").value_or(""), variable("ALLAUTH_PROFILE"), profiles.current, "default"});
  TRY(check_profile_name(made.profile_name_));
  if (const auto at = profiles.all.find(made.profile_name_); at != profiles.all.end())
    made.profile_ = at->second;
  made.target_.server = first_of({options.find("server").value_or(""), variable("ALLAUTH_SERVER"),
                                  made.profile_.server, std::string(kDefaultServer)});
  while (made.target_.server.ends_with('/')) made.target_.server.pop_back();
  made.target_.ca_file = first_of({options.find("ca").value_or(""), made.profile_.ca_file});
  TRY(made.choose_credential(options));
  return made;
}

Result<void> Connection::choose_credential(const Options& options) {
  const auto client = options.find("as-client");
  const auto key_file = options.find("key-file");
  if (client.has_value() != key_file.has_value())
    return fail(Code::invalid, "usage", "--as-client ID and --key-file FILE go together.");
  has_credential_ = true;
  if (client) {
    target_.basic_name = *client;
    TRY(target_.token, read_secret_file(*key_file));
    return {};
  }
  if (const auto file = options.find("token-file")) {
    TRY(target_.token, read_secret_file(*file));
    return {};
  }
  if (auto token = variable("ALLAUTH_TOKEN"); !token.empty()) {
    target_.token = Secret::take(token);
    return {};
  }
  return use_tokens();
}

// A token goes only to the server that gave it out.
Result<void> Connection::use_tokens() {
  TRY(tokens_, load_tokens(profile_name_));
  has_credential_ = tokens_ && tokens_->server == target_.server;
  if (!has_credential_) tokens_.reset();
  if (tokens_) target_.token = tokens_->access.copy();
  return {};
}

Result<void> Connection::renew_if_expired() {
  if (!has_credential_)
    return fail(Code::unauthenticated, "login.needed",
                fmt::format("Nobody is logged in at {} (profile {}).", target_.server, profile_name_));
  if (!tokens_ || now_in_seconds() + kRenewBefore < tokens_->expires_at) return {};
  return renew();
}

// A refresh token works once, so only one command at a time may use it; the others take what that one got.
Result<void> Connection::renew() {
  TRY(const auto lock, FileLock::take(lock_file_of(profile_name_), kLongestLock));
  const NoInterrupt whole;
  TRY(auto newest, load_tokens(profile_name_));
  if (!newest)
    return fail(Code::unauthenticated, "login.needed",
                fmt::format("Profile {} was logged out.", profile_name_));
  const bool renewed_meanwhile =
      newest->access.with([&](auto a) { return tokens_->access.with([&](auto b) { return a != b; }); });
  if (renewed_meanwhile) {
    tokens_ = std::move(*newest);
  } else {
    TRY(tokens_, exchange(*newest));
    TRY(save_tokens(profile_name_, *tokens_));
  }
  target_.token = tokens_->access.copy();
  return {};
}

Result<Tokens> Connection::exchange(const Tokens& old) {
  std::string body = JsonObject().secret("refresh_token", old.refresh).done();
  auto session = call_as_nobody("POST", "/api/v1/sessions/refresh", body);
  wipe_memory(body.data(), body.size());
  if (!session && session.error().code == Code::unauthenticated) {
    TRY(forget_tokens(profile_name_));
    return fail(Code::unauthenticated, "login.needed", "The login has ended.", {}, session.error().detail);
  }
  if (!session) return fail(session.error());
  auto tokens = tokens_of(*session, target_.server);
  wipe_memory(session->data(), session->size());
  return tokens;
}

Result<std::string> Connection::call(std::string_view method, std::string_view path, std::string_view body,
                                     std::string_view if_match) {
  const auto ask = [&] { return call_api(target_, method, path, body, kLongestCall, if_match); };
  TRY(renew_if_expired());
  TRY(auto answer, ask());
  auto good = require_success(answer);
  if (!good && tokens_ && says_expired(good.error())) {  // the clocks differ
    TRY(renew());
    TRY(answer, ask());
    good = require_success(answer);
  }
  if (!good) return fail(good.error());
  return std::move(answer.body);
}

Result<std::string> Connection::call_as_nobody(std::string_view method, std::string_view path,
                                               std::string_view body) {
  const ApiTarget nobody{.server = target_.server, .token = {}, .ca_file = target_.ca_file};
  TRY(auto answer, call_api(nobody, method, path, body));
  TRY(require_success(answer));
  return std::move(answer.body);
}

Result<void> Connection::stream(std::string_view path, const StreamWatch& watch) {
  TRY(renew_if_expired());
  auto ended = read_stream(target_, path, watch);
  if (ended || ended.error().reason != Reason("stream.refused")) return ended;
  const auto problem = parse_json(ended.error().detail);
  const auto* status = problem ? member(*problem, "status") : nullptr;
  if (status == nullptr || !status->is_int64()) return ended;
  return require_success({.status = status->as_int64(), .body = ended.error().detail});
}

Result<Secret> Connection::token() {
  TRY(renew_if_expired());
  return target_.token.copy();
}

Result<Secret> find_token(const Options& options) {
  TRY(auto connection, Connection::open(options));
  auto token = connection.token();
  if (!token && token.error().reason == Reason("login.needed")) return Secret();
  return token;
}

Result<void> require_success(const ApiAnswer& answer) {
  if (answer.status < 300) return {};
  const auto problem = parse_json(answer.body);
  const auto told = [&](std::string_view name) {
    return problem ? text_member(*problem, name) : std::string();
  };
  const std::string words = told("detail");
  std::string detail = told("reason");
  if (const auto id = told("request_id"); !id.empty()) detail += ", request " + id;
  return fail(code_of(answer.status), "server.refused",
              words.empty() ? fmt::format("The server answered {}.", answer.status) : words, told("field"),
              std::move(detail));
}

Result<Tokens> tokens_of(std::string_view session, const std::string& server) {
  TRY(const auto json, parse_json(session));
  const auto* lifetime = member(json, "expires_in");
  if (text_member(json, "access_token").empty() || lifetime == nullptr || !lifetime->is_int64())
    return fail(Code::unavailable, "server.answer", "The server's answer is not what AllAuth answers.");
  return Tokens{.server = server,
                .access = Secret(text_member(json, "access_token")),
                .refresh = Secret(text_member(json, "refresh_token")),
                .expires_at = now_in_seconds() + lifetime->as_int64()};
}

}  // namespace allauth::server::cli
