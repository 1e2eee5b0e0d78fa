// From CONNECT to CONNACK: decide, dial, log in to the broker, merge its answer.
#include "codec/mqtt/topic.h"
#include "mqtt/opening.h"
#include "mqtt/session.h"
#include "mqtt/topic_rules.h"

namespace allauth::mqtt {
namespace {

struct RefusalCodes {
  ConnectResult result;
  ReturnCode v3;
  ReasonCode v5;
};

RefusalCodes codes_of(Refusal refusal) {
  switch (refusal) {
    case Refusal::bad_credentials:
      return {ConnectResult::bad_credentials, ReturnCode::bad_credentials, ReasonCode::bad_credentials};
    case Refusal::not_authorized:
      return {ConnectResult::not_authorized, ReturnCode::not_authorized, ReasonCode::not_authorized};
    case Refusal::bad_client_id:
      return {ConnectResult::bad_client_id, ReturnCode::id_rejected, ReasonCode::client_id_not_valid};
    case Refusal::banned:
      return {ConnectResult::banned, ReturnCode::not_authorized, ReasonCode::banned};
    case Refusal::unavailable:
      return {ConnectResult::unavailable, ReturnCode::server_unavailable, ReasonCode::server_unavailable};
    case Refusal::busy:
      return {ConnectResult::busy, ReturnCode::server_unavailable, ReasonCode::server_busy};
    case Refusal::rate_limited:
      return {ConnectResult::rate_limited, ReturnCode::server_unavailable,
              ReasonCode::connection_rate_exceeded};
  }
  return {ConnectResult::unavailable, ReturnCode::server_unavailable, ReasonCode::server_unavailable};
}

// What the client may know of a broker's refusal. That the broker does not want the gateway's own
// login is the gateway's failure, not the client's.
ReasonCode relay(ReasonCode code) {
  switch (code) {
    case ReasonCode::bad_credentials:
    case ReasonCode::not_authorized:
    case ReasonCode::bad_authentication_method:
    case ReasonCode::malformed_packet:
    case ReasonCode::protocol_error:
    case ReasonCode::use_another_server:
    case ReasonCode::server_moved:
      return ReasonCode::server_unavailable;
    default:
      return code;
  }
}

ReturnCode relay(ReturnCode code) {
  const bool of_client = code == ReturnCode::bad_protocol || code == ReturnCode::id_rejected;
  return of_client ? code : ReturnCode::server_unavailable;
}

// The certificate is not needed again, and would be kept for as long as the connection lives.
ConnectRequest make_request(const Connect& connect, ClientPeer& peer) {
  ConnectRequest request;
  request.level = static_cast<int>(connect.version);
  request.client_id = connect.client_id;
  request.has_username = connect.username.has_value();
  if (connect.username) request.username = *connect.username;
  if (connect.password) request.password = Secret(std::string(*connect.password));
  request.peer_address = peer.address;
  request.tls = peer.tls;
  request.certificate_der = std::exchange(peer.certificate_der, {});
  for (const auto& property : connect.properties)
    if (property.id == PropertyId::user_property)
      request.properties.emplace_back(property.text, property.value);
  return request;
}

}  // namespace

Session::Opening::Opening(const Connect& connect)
    : version(connect.version),
      bridge(connect.bridge),
      clean(connect.clean),
      keep_alive(connect.keep_alive),
      properties(connect.properties.block()),
      client_id(connect.client_id) {
  if (!connect.will) return;
  const auto& from = *connect.will;
  will = OwnedWill{.qos = from.qos,
                   .to = {.qos = static_cast<std::uint8_t>(from.qos),
                          .retain = from.retain,
                          .topic = std::string(from.topic),
                          .broker_topic = {},
                          .properties = std::string(from.properties.block())},
                   .payload = std::string(from.payload)};
}

std::uint32_t Session::Opening::number(PropertyId id, std::uint32_t absent) const {
  const auto property = PropertyView::trusted(properties).find(id);
  return property ? property->number : absent;
}

// Each leg has its own limits; aliases and enhanced authentication end here.
std::string Session::Opening::broker_properties(const SessionLimits& limits) const {
  if (version != Version::v5) return {};
  std::string block;
  for (const auto& property : PropertyView::trusted(properties)) {
    const bool own = std::ranges::find(told, property.text, &NamedValue::first) == told.end();
    if (property.id == PropertyId::request_problem_information ||
        (property.id == PropertyId::user_property && own))
      write_property(block, property);
  }
  for (const auto& [name, value] : told)
    write_property(block, {.id = PropertyId::user_property, .text = name, .value = value});
  const auto expiry = std::min(number(PropertyId::session_expiry, 0), limits.max_session_expiry);
  const auto receive =
      std::min<std::uint32_t>(number(PropertyId::receive_maximum, 65535), limits.receive_maximum);
  const auto largest = std::min<std::uint32_t>(number(PropertyId::maximum_packet_size, 0xFFFFFFFF),
                                               static_cast<std::uint32_t>(limits.max_packet_size));
  if (expiry != 0) write_property(block, {.id = PropertyId::session_expiry, .number = expiry});
  write_property(block, {.id = PropertyId::receive_maximum, .number = receive});
  write_property(block, {.id = PropertyId::maximum_packet_size, .number = largest});
  return block;
}

// The broker keeps what is delayed when the gateway can no longer take it back.
std::string Session::Opening::broker_will_properties(const SessionLimits& limits) const {
  std::string block;
  if (!will) return block;
  for (auto property : PropertyView::trusted(will->to.properties)) {
    if (property.id == PropertyId::will_delay)
      property.number = std::min(property.number, limits.max_will_delay);
    write_property(block, property);
  }
  return block;
}

void Session::on_connect(const Frame& frame, Tick now, Actions& out) {
  const auto stop = [&](const Fault& fault) {
    probe_.protocol_error();
    refuse_malformed(fault, out);
  };
  if (frame.type != PacketType::connect) {
    version_ = Version::v3_1;  // unknown: nothing can be answered
    return stop({ReasonCode::protocol_error, "mqtt.connect.missing"});
  }
  const auto head = decode_connect_head(frame);
  const bool named = head && (head->protocol == "MQTT" || (head->protocol == "MQIsdp" && head->level == 3));
  version_ = named ? static_cast<Version>(head->level) : Version::v3_1;
  if (!named) return stop({ReasonCode::malformed_packet, "mqtt.connect.protocol"});
  // The answer comes in the form that the level implies: 3.x for 3 and 4, 5.0 for all others.
  if (head->level != 4 && head->level != 5) {
    if (head->level != 3) version_ = Version::v5;
    return refuse(ConnectResult::unsupported, ReturnCode::bad_protocol, ReasonCode::unsupported_version, out);
  }
  const auto connect = decode_connect(frame);
  if (!connect) return stop(connect.error());
  if (v5() && !frame.shortest_length) return stop({ReasonCode::malformed_packet, "mqtt.length.not_shortest"});
  if (connect->properties.find(PropertyId::authentication_method))
    return refuse(ConnectResult::unsupported, ReturnCode::not_authorized,
                  ReasonCode::bad_authentication_method, out);
  if (connect->will && connect->will->qos == QoS::exactly_once)
    return refuse(ConnectResult::unsupported, ReturnCode::not_authorized, ReasonCode::qos_not_supported, out);
  const auto most = settings_.limits.max_user_properties;
  if (has_too_many(connect->properties, most) ||
      (connect->will && has_too_many(connect->will->properties, most)))
    return refuse(ConnectResult::unsupported, ReturnCode::not_authorized, ReasonCode::quota_exceeded, out);
  // Without an id there is no session to come back to [MQTT-3.1.3-8 of 3.1.1].
  if (!v5() && connect->client_id.empty() && !connect->clean) return refuse(Refusal::bad_client_id, out);
  opening_ = std::make_unique<Opening>(*connect);
  phase_ = Phase::deciding;
  deadline_ = now + settings_.limits.accept_deadline;
  out.authenticate = make_request(*connect, peer_);
}

void Session::connect_outcome(ConnectOutcome outcome, Tick, Actions& out) {
  if (phase_ != Phase::deciding) return;
  if (auto* accepted = std::get_if<Accepted>(&outcome)) return accept(std::move(*accepted), out);
  const auto refusal = std::get<Refusal>(outcome);
  probe_.denied({.operation = Operation::connect,
                 .client = opening_->client_id,
                 .topic = {},
                 .outcome = refusal == Refusal::unavailable ? Outcome::error : Outcome::denied,
                 .reason = "connect.refused"});
  refuse(refusal, out);
}

void Session::accept(Accepted accepted, Actions& out) {
  // Both are written to packets; one may be made of an id that fills its field already.
  if (std::max(accepted.broker_client_id.size(), accepted.assigned_client_id.size()) > kMaxFieldBytes)
    return refuse(Refusal::bad_client_id, out);
  guard_ = std::move(accepted.guard);
  revision_ = guard_->revision();  // before the will is decided, so that no change is missed
  broker_client_id_ = std::move(accepted.broker_client_id);
  opening_->told = std::move(accepted.properties);
  if (opening_->client_id.empty()) {
    opening_->assigned_client_id = std::move(accepted.assigned_client_id);
    if (opening_->assigned_client_id.empty()) opening_->assigned_client_id = broker_client_id_;
  }
  if (auto& will = opening_->will) {
    auto answer = ask_publish(will->to.topic, will->to.asked());
    if (!answer.verdict.granted()) {
      tell_denied(Operation::will, will->to.topic, answer.verdict);
      if (answer.verdict.reason.slug().ends_with(".qos"))
        return refuse(ConnectResult::not_authorized, ReturnCode::not_authorized,
                      ReasonCode::qos_not_supported, out);
      const bool error = answer.verdict.outcome == Outcome::error;
      return refuse(error ? Refusal::unavailable : Refusal::not_authorized, out);
    }
    will->to.broker_topic = answer.topic.empty() ? will->to.topic : std::move(answer.topic);
  }
  phase_ = Phase::dialling;
  out.dial = true;
}

void Session::broker_connected(Tick now, Actions& out) {
  if (phase_ != Phase::dialling) return;
  phase_ = Phase::handshaking;
  last_broker_write_ = now;
  const auto properties = opening_->broker_properties(settings_.limits);
  const auto of_will = opening_->broker_will_properties(settings_.limits);
  Connect connect{.version = version_,
                  .bridge = opening_->bridge,
                  .clean = opening_->clean,
                  .keep_alive = opening_->keep_alive,
                  .properties = PropertyView::trusted(properties),
                  .client_id = broker_client_id_};
  if (const auto& will = opening_->will)
    connect.will = Will{will->qos, will->to.retain, PropertyView::trusted(of_will), will->to.broker_topic,
                        will->payload};
  if (!settings_.login.username.empty()) connect.username = settings_.login.username;
  settings_.login.password.with([&](std::string_view password) {
    if (!password.empty()) connect.password = password;
    encode(out.to_broker, connect);
  });
}

void Session::on_connack(const Frame& frame, Actions& out) {
  if (frame.type != PacketType::connack) return fail_broker(out);
  const auto connack = decode_connack(frame, version_);
  if (!connack) return fail_broker(out);
  if (connack->code != 0) {
    const auto v3_code =
        v5() ? ReturnCode::server_unavailable : relay(static_cast<ReturnCode>(connack->code));
    const auto v5_code =
        v5() ? relay(static_cast<ReasonCode>(connack->code)) : ReasonCode::server_unavailable;
    return refuse(ConnectResult::broker_refused, v3_code, v5_code, out);
  }
  const auto properties = connack_properties(*connack);
  const Connack answer{connack->session_present, 0, PropertyView::trusted(properties)};
  encode(out.to_client, answer, version_);
  phase_ = Phase::running;
  if (opening_->will) will_ = std::make_unique<WillTopic>(std::move(opening_->will->to));
  probe_.connect(ConnectResult::accepted);
  opening_.reset();
}

// Takes over what was agreed, and makes the properties of the client's CONNACK (5.0 §3.2.2.3).
std::string Session::connack_properties(const Connack& connack) {
  keep_alive_ = Seconds(opening_->keep_alive);
  if (!v5()) return {};
  const auto& limits = settings_.limits;
  const auto number = [&](PropertyId id, std::uint32_t absent) {
    const auto property = connack.properties.find(id);
    return property ? property->number : absent;
  };
  std::string block;
  for (const auto& property : connack.properties) {
    using enum PropertyId;
    const bool passes = property.id == server_keep_alive || property.id == reason_string ||
                        property.id == user_property || property.id == retain_available ||
                        property.id == wildcard_available || property.id == subscription_id_available ||
                        property.id == shared_available;
    if (passes) write_property(block, property);
  }
  keep_alive_ = Seconds(number(PropertyId::server_keep_alive, opening_->keep_alive));
  receive_maximum_ =
      std::min<std::uint32_t>(number(PropertyId::receive_maximum, 65535), limits.receive_maximum);
  broker_max_packet_ = std::min(number(PropertyId::maximum_packet_size, kMaxVarint), kMaxVarint);
  client_max_packet_ = std::min(opening_->number(PropertyId::maximum_packet_size, kMaxVarint), kMaxVarint);
  const auto asked = opening_->number(PropertyId::session_expiry, 0);
  session_expiry_ = number(PropertyId::session_expiry, std::min(asked, limits.max_session_expiry));
  if (session_expiry_ != asked)
    write_property(block, {.id = PropertyId::session_expiry, .number = session_expiry_});
  if (!opening_->assigned_client_id.empty())
    write_property(block, {.id = PropertyId::assigned_client_id, .text = opening_->assigned_client_id});
  const auto largest = std::min(limits.max_packet_size, broker_max_packet_);
  write_property(block, {.id = PropertyId::maximum_qos, .number = number(PropertyId::maximum_qos, 1)});
  write_property(block,
                 {.id = PropertyId::receive_maximum, .number = static_cast<std::uint32_t>(receive_maximum_)});
  write_property(block,
                 {.id = PropertyId::maximum_packet_size, .number = static_cast<std::uint32_t>(largest)});
  return block;
}

void Session::refuse(ConnectResult result, ReturnCode v3_code, ReasonCode v5_code, Actions& out) {
  probe_.connect(result);
  const auto code = v5() ? static_cast<std::uint8_t>(v5_code) : static_cast<std::uint8_t>(v3_code);
  encode(out.to_client, Connack{.code = code}, version_);
  end(out);
}

void Session::refuse(Refusal refusal, Actions& out) {
  const auto codes = codes_of(refusal);
  refuse(codes.result, codes.v3, codes.v5, out);
}

// A broken CONNECT: 3.x must close without a word [MQTT-3.1.4-1 of 3.1.1], 5.0 may say why.
void Session::refuse_malformed(const Fault& fault, Actions& out) {
  if (phase_ == Phase::connecting && !v5()) {
    probe_.connect(ConnectResult::malformed);
    return end(out);
  }
  refuse(ConnectResult::malformed, ReturnCode::server_unavailable, fault.code, out);
}

}  // namespace allauth::mqtt
