#include "server/stream/remote_passwords.h"

#include <boost/json.hpp>

#include "base/text.h"

namespace allauth::server {
namespace {

constexpr std::string_view kPath = "/api/v1/auth/authenticate";

std::string body_of(const app::PasswordLogin& login) {
  std::string body = R"({"password":{"login":)";
  append_json_string(body, login.login);
  body += R"(,"password":)";
  login.password.with([&](std::string_view text) { append_json_string(body, text); });
  body += '}';
  if (!login.source.address.empty()) {
    body += R"(,"source_address":)";
    append_json_string(body, login.source.address);
  }
  return body += '}';
}

const boost::json::string* text_at(const boost::json::value& document, const char* object,
                                   const char* member) {
  const auto* whole = document.if_object();
  const auto* outer = whole != nullptr && object != nullptr ? whole->if_contains(object) : &document;
  const auto* inner =
      outer != nullptr && outer->is_object() ? outer->get_object().if_contains(member) : nullptr;
  return inner != nullptr ? inner->if_string() : nullptr;
}

std::unexpected<Error> unavailable(std::string detail) {
  return fail({.code = Code::unavailable,
               .reason = "login.unavailable",
               .message = "No node that could check a password can be reached.",
               .detail = std::move(detail),
               .retry_after = Seconds(1)});
}

// A refusal is an answer, as is that too many were wrong; that the node itself is refused, or busy, or
// broken, is none.
Result<app::AuthenticateOutcome> read_answer(const ApiAnswer& answer) {
  boost::system::error_code broken;
  const auto document = boost::json::parse(answer.body, broken);
  if (broken) return unavailable("an answer that is no JSON");
  if (answer.status == 401) {
    const auto* reason = text_at(document, nullptr, "reason");
    if (reason != nullptr && *reason == "login.failed") return app::Rejected{"login.failed", {}};
    return unavailable("this node is refused");
  }
  if (const auto* reason = text_at(document, nullptr, "reason");
      answer.status == 429 && reason != nullptr && *reason == "login.throttled")
    return fail(Code::exhausted, "login.throttled",
                "Too many wrong passwords or keys were given; try again later.");
  const auto* kind = text_at(document, "principal", "kind");
  const auto* id = text_at(document, "principal", "id");
  if (answer.status != 200 || kind == nullptr || *kind != "user" || id == nullptr || !is_id(*id))
    return unavailable(fmt::format("an answer of status {}", answer.status));
  return app::Authenticated{.principal = {app::PrincipalKind::user, std::string(*id)}};
}

}  // namespace

Result<app::AuthenticateOutcome> RemotePasswords::ask(const app::PasswordLogin& login) const {
  const Tick end = clock_.tick() + longest_;
  std::string body = body_of(login);
  const auto first = turn_.load();
  Result<app::AuthenticateOutcome> outcome = unavailable("nobody was asked");
  for (std::size_t i = 0; i < targets_.size() && !outcome; ++i) {
    const auto left = std::chrono::duration_cast<Millis>(end - clock_.tick());
    if (left <= Millis(0)) break;
    const auto turn = (first + i) % targets_.size();
    const auto answer = call_api(targets_[turn], "POST", kPath, body, left);
    outcome = answer ? read_answer(*answer) : unavailable(answer.error().message);
    const bool throttled = !outcome && outcome.error().code == Code::exhausted;
    if (outcome || throttled) turn_.store(turn);
    if (throttled) break;  // others would look at as many again
  }
  wipe_memory(body.data(), body.size());
  return outcome;
}

}  // namespace allauth::server
