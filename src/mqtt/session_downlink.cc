// What the broker sends once it has accepted the connection.
#include "codec/mqtt/reason.h"
#include "mqtt/session.h"

namespace allauth::mqtt {

void Session::on_broker_packet(const Frame& frame, Actions& out) {
  switch (frame.type) {
    case PacketType::publish:
      return on_delivery(frame, out);
    case PacketType::puback:
      return on_broker_puback(frame, out);
    case PacketType::suback:
      return on_suback(frame, out);
    case PacketType::unsuback:
      return on_unsuback(frame, out);
    case PacketType::pingresp:
      return on_pingresp(frame, out);
    case PacketType::disconnect:
      return on_broker_disconnect(frame, out);
    case PacketType::connect:
    case PacketType::connack:
    case PacketType::pubrec:
    case PacketType::pubrel:
    case PacketType::pubcomp:
    case PacketType::subscribe:
    case PacketType::unsubscribe:
    case PacketType::pingreq:
    case PacketType::auth:
      return fail_broker(out);
  }
}

void Session::on_delivery(const Frame& frame, Actions& out) {
  const auto publish = decode_publish(frame, version_, Sender::server);
  if (!publish) return fail_broker(out);
  if (publish->qos == QoS::exactly_once) {
    // Only a session that was begun without the gateway can have such a subscription.
    probe_.protocol_error();
    return leave(ReasonCode::qos_not_supported, out);
  }
  if (!publish->properties.empty() && publish->properties.find(PropertyId::topic_alias))
    return fail_broker(out);
  const auto* answer = deliver_cache_.find(publish->topic, false, guard_->revision());
  if (answer == nullptr) {
    auto fresh = guard_->deliver(publish->topic);
    answer = &deliver_cache_.put(publish->topic, false, std::move(fresh));
  }
  probe_.deliver(answer->verdict.outcome);
  const bool acked = publish->qos == QoS::at_least_once;
  if (!answer->verdict.granted()) {
    tell_denied(Operation::deliver, publish->topic, answer->verdict);
    // Acknowledging what could not be decided would lose it; the broker delivers it again later.
    if (answer->verdict.outcome == Outcome::error && acked)
      return leave(ReasonCode::implementation_error, out);
    return drop_delivery(*publish, out);
  }
  if (answer->topic.empty()) {
    if (acked) to_broker_acks_.expect(publish->packet_id);
    out.to_client.append(frame.bytes);
    return;
  }
  auto renamed = *publish;
  renamed.topic = answer->topic;
  // Too large for the client by its new name: behave as if it had been sent [MQTT-3.1.2-25].
  if (encoded_size(renamed, version_) > client_max_packet_) return drop_delivery(*publish, out);
  if (acked) to_broker_acks_.expect(publish->packet_id);
  encode(out.to_client, renamed, version_);
}

// The client never sees it, so towards the broker we are the one who acknowledges.
void Session::drop_delivery(const Publish& publish, Actions& out) {
  if (publish.qos == QoS::at_most_once) return;
  std::string bytes;
  encode(bytes, Ack{.packet_id = publish.packet_id}, version_);
  to_broker_acks_.answer(std::move(bytes), out.to_broker);
}

void Session::on_broker_puback(const Frame& frame, Actions& out) {
  const auto ack = decode_ack(frame, version_);
  if (!ack) return fail_broker(out);
  to_client_acks_.arrived(ack->packet_id, frame.bytes, out.to_client);
}

void Session::on_suback(const Frame& frame, Actions& out) {
  const auto ack = decode_subscribe_ack(frame, version_);
  if (!ack) return fail_broker(out);
  const auto pending = subscriptions_.take_pending(ack->packet_id);
  if (!pending) return;
  std::string codes;
  auto given = ack->codes;
  for (const auto& entry : pending->entries) {
    if (!entry.forwarded) {
      codes.push_back(static_cast<char>(entry.code));
      continue;
    }
    if (given.empty()) return fail_broker(out);
    const char code = given.front();
    given.remove_prefix(1);
    codes.push_back(code);
    if (static_cast<std::uint8_t>(code) >= 0x80 && !entry.added.empty()) subscriptions_.remove(entry.added);
  }
  if (!given.empty()) return fail_broker(out);
  encode(out.to_client,
         SubscribeAck{.packet_id = ack->packet_id, .properties = ack->properties, .codes = codes}, version_);
}

void Session::on_unsuback(const Frame& frame, Actions& out) {
  const auto ack = decode_subscribe_ack(frame, version_);
  if (!ack) return fail_broker(out);
  if (own_request_ != 0 && ack->packet_id == own_request_) {
    own_request_ = 0;
    return send_own_unsubscribe(out);
  }
  if (subscriptions_.take_unsuback(ack->packet_id)) out.to_client.append(frame.bytes);
}

void Session::on_pingresp(const Frame& frame, Actions& out) {
  if (frame.flags != 0 || !frame.body.empty()) return fail_broker(out);
  if (own_ping_ && pings_before_own_ == 0) {
    own_ping_ = false;
    return;
  }
  if (pings_ == 0) return;
  --pings_;
  if (own_ping_) --pings_before_own_;
  out.to_client.append(frame.bytes);
}

// A 5.0 broker says why it closes (session taken over, shutting down ...). Where else the client might
// go is not the broker's to say.
void Session::on_broker_disconnect(const Frame& frame, Actions& out) {
  if (!v5()) return fail_broker(out);
  const auto disconnect = decode_disconnect(frame, version_, Sender::server);
  if (!disconnect) return fail_broker(out);
  const bool elsewhere =
      disconnect->code == ReasonCode::use_another_server || disconnect->code == ReasonCode::server_moved;
  leave(elsewhere ? ReasonCode::server_shutting_down : disconnect->code, out);
}

}  // namespace allauth::mqtt
