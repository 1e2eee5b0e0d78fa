#include "server/run/directory_guard.h"

#include "app/identity/authenticate.h"
#include "codec/base64.h"

namespace allauth::server {
namespace {

mqtt::Refusal refusal_of(Reason reason) {
  if (reason == Reason("client.disabled") || reason == Reason("domain.disabled") ||
      reason == Reason("user.disabled"))
    return mqtt::Refusal::banned;
  return mqtt::Refusal::bad_credentials;
}

// Another client's id as MQTT client id could only be meant to be mistaken for it.
bool is_foreign_id(const store::Snapshot& snapshot, std::string_view mqtt_id, const std::string& own) {
  return mqtt_id != own && snapshot.thing(kind::client, mqtt_id).exists();
}

std::string broker_id(std::string_view mqtt_id, const std::string& own) {
  return mqtt_id == own ? own : fmt::format("{}/{}", own, mqtt_id);
}

std::string fresh_mqtt_id(Entropy& entropy) {
  std::array<std::uint8_t, 8> bytes;
  entropy.fill(bytes);
  return "auto-" + codec::hex_encode(codec::as_text(bytes));
}

app::MessageVerdict may_connect(const app::Core& core, const app::Authenticated& who,
                                const std::vector<mqtt::NamedValue>& properties) {
  std::vector<policy::Property> views;
  for (const auto& [name, value] : properties) views.push_back({name, value});
  return app::may_message(core, core.now(),
                          {.who = who, .action = app::MessageAction::connect, .properties = views});
}

// A token of a user says all by itself, whatever stands beside it as user name.
Result<app::AuthenticateOutcome> authenticate(const app::Core& core, mqtt::ConnectRequest& request) {
  if (app::user_token_type(request.password)) return app::authenticate_bearer(core, request.password);
  if (!request.has_username) return app::Rejected{"key.unknown", {}};
  return app::authenticate_key(
      core, {request.username, std::move(request.password), {.address = request.peer_address}});
}

mqtt::ConnectOutcome decide(const app::Core& core, mqtt::ConnectRequest request) {
  auto outcome = authenticate(core, request);
  if (!outcome)
    return outcome.error().code == Code::exhausted ? mqtt::Refusal::rate_limited : mqtt::Refusal::unavailable;
  if (const auto* rejected = std::get_if<app::Rejected>(&*outcome)) return refusal_of(rejected->reason);
  auto* who = std::get_if<app::Authenticated>(&*outcome);
  if (who == nullptr) return mqtt::Refusal::not_authorized;
  const std::string own = who->principal.id;
  const auto& snapshot = core.now();
  if (!snapshot.check_usable()) return mqtt::Refusal::unavailable;
  if (is_foreign_id(snapshot, request.client_id, own)) return mqtt::Refusal::bad_client_id;
  auto allowed = may_connect(core, *who, request.properties);
  if (allowed.verdict.outcome == Outcome::error) return mqtt::Refusal::unavailable;
  if (!allowed.verdict.granted()) return refusal_of(allowed.verdict.reason);
  const std::string assigned = request.client_id.empty() ? fresh_mqtt_id(core.entropy) : std::string();
  return mqtt::Accepted{
      .guard = std::make_unique<DirectoryGuard>(core, std::move(*who), std::move(request.properties)),
      .broker_client_id = broker_id(assigned.empty() ? request.client_id : assigned, own),
      .assigned_client_id = assigned,
      .properties = std::move(allowed.properties)};
}

}  // namespace

mqtt::Authenticator make_authenticator(std::function<const app::Core*()> core) {
  return [core = std::move(core)](mqtt::ConnectRequest request,
                                  std::move_only_function<void(mqtt::ConnectOutcome)> done) {
    if (const auto* known = core()) return done(decide(*known, std::move(request)));
    done(mqtt::Refusal::unavailable);
  };
}

mqtt::TopicVerdict DirectoryGuard::ask(app::MessageAction action, std::string_view topic,
                                       const mqtt::Asked& asked) const {
  std::vector<policy::Property> properties;
  for (const auto& property : asked.properties)
    if (property.id == mqtt::PropertyId::user_property) properties.push_back({property.text, property.value});
  auto answer = app::may_message(core_, core_.now(),
                                 {.who = who_,
                                  .action = action,
                                  .topic = topic,
                                  .qos = asked.qos,
                                  .retain = asked.retain,
                                  .properties = properties});
  const auto& on = answer.depends_on;
  return {answer.verdict, std::move(answer.topic), answer.qos, {on.qos, on.retain, on.properties}};
}

mqtt::TopicVerdict DirectoryGuard::publish(std::string_view topic, const mqtt::Asked& asked) {
  return ask(app::MessageAction::publish, topic, asked);
}

mqtt::TopicVerdict DirectoryGuard::subscribe(std::string_view filter, const mqtt::Asked& asked) {
  return ask(app::MessageAction::subscribe, filter, asked);
}

std::string DirectoryGuard::unsubscribe(std::string_view filter) {
  auto answer = ask(app::MessageAction::unsubscribe, filter, {});
  return answer.topic.empty() ? std::string(filter) : std::move(answer.topic);
}

mqtt::TopicVerdict DirectoryGuard::deliver(std::string_view topic, const mqtt::Asked& asked) {
  return ask(app::MessageAction::deliver, topic, asked);
}

Verdict DirectoryGuard::alive() { return may_connect(core_, who_, properties_).verdict; }

std::uint64_t DirectoryGuard::revision() { return core_.snapshots.version(); }

}  // namespace allauth::server
