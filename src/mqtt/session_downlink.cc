// What the broker sends once it has accepted the connection.
#include "codec/mqtt/reason.h"
#include "mqtt/session.h"
#include "mqtt/topic_rules.h"

namespace allauth::mqtt {

void Session::on_broker_packet(const Frame& frame, Tick now, Actions& out) {
  switch (frame.type) {
    case PacketType::publish:
      return on_delivery(frame, out);
    case PacketType::puback:
      return on_broker_puback(frame, out);
    case PacketType::suback:
    case PacketType::unsuback:
      return on_request_ack(frame, now, out);
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
  const auto& limits = settings_.limits;
  const auto possible = check_topic(publish->topic, limits.max_topic_bytes);
  if (!possible.granted()) return refuse_delivery(*publish, possible, out);
  if (has_too_many(publish->properties, limits.max_user_properties))
    return refuse_delivery(*publish, Verdict::deny(kTooManyProperties), out);
  const auto asked = asked_of(*publish);
  const auto* answer = deliver_cache_.find(publish->topic, asked, guard_->revision());
  if (answer == nullptr) {
    auto fresh = guard_->deliver(publish->topic, asked);
    fresh.topic = subscriptions_.name_of(publish->topic);
    answer = &deliver_cache_.put(publish->topic, asked, limited(std::move(fresh), limits.max_topic_bytes));
  }
  if (!answer->verdict.granted()) return refuse_delivery(*publish, answer->verdict, out);
  probe_.deliver(Outcome::granted);
  forward_delivery(frame, *publish, *answer, out);
}

void Session::forward_delivery(const Frame& frame, const Publish& publish, const TopicVerdict& answer,
                               Actions& out) {
  const bool lowered = static_cast<std::uint8_t>(publish.qos) > answer.qos;
  const bool acked = publish.qos == QoS::at_least_once && !lowered;
  if (answer.topic.empty() && !lowered) {
    if (acked) to_broker_acks_.expect(publish.packet_id);
    out.to_client.append(frame.bytes);
    return;
  }
  auto changed = publish;
  if (!answer.topic.empty()) changed.topic = answer.topic;
  if (lowered) {
    changed.qos = QoS::at_most_once;
    changed.dup = false;
  }
  // Too large for the client by its new name: behave as if it had been sent [MQTT-3.1.2-25].
  const bool fits = encoded_size(changed, version_) <= client_max_packet_;
  if (fits) encode(out.to_client, changed, version_);
  if (fits && acked)
    to_broker_acks_.expect(publish.packet_id);
  else
    ack_for_client(publish, out);
}

void Session::refuse_delivery(const Publish& publish, const Verdict& verdict, Actions& out) {
  probe_.deliver(verdict.outcome);
  tell_denied(Operation::deliver, publish.topic, verdict);
  // Acknowledging what could not be decided would lose it; the broker delivers it again later.
  if (verdict.outcome == Outcome::error && publish.qos == QoS::at_least_once)
    return leave(ReasonCode::implementation_error, out);
  ack_for_client(publish, out);
}

// The client never sees it, or not so that it has to be acknowledged: towards the broker we are the one who
// does.
void Session::ack_for_client(const Publish& publish, Actions& out) {
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

// SUBACK and UNSUBACK: the broker answers what was forwarded, the client wants an answer for each filter.
void Session::on_request_ack(const Frame& frame, Tick now, Actions& out) {
  const auto ack = decode_subscribe_ack(frame, version_);
  if (!ack) return fail_broker(out);
  if (ack->type == PacketType::unsuback && revocations_.answered(ack->packet_id))
    return send_own_unsubscribe(now, out);
  auto pending = subscriptions_.take_pending(ack->type, ack->packet_id);
  if (!pending) return;
  auto given = ack->codes;
  for (auto& entry : pending->entries) {
    if (!entry.forwarded) continue;
    if (given.empty()) return fail_broker(out);
    entry.code = static_cast<std::uint8_t>(given.front());
    given.remove_prefix(1);
    if (entry.code >= 0x80 && !entry.added.empty()) subscriptions_.remove(entry.added);
  }
  deliver_cache_.clear();  // the client has no name for a delivery by a filter that was refused
  if (!given.empty()) return fail_broker(out);
  answer_request(*pending, ack->properties, out);
}

void Session::on_pingresp(const Frame& frame, Actions& out) {
  if (frame.flags != 0 || !frame.body.empty()) return fail_broker(out);
  if (pings_.answered()) out.to_client.append(frame.bytes);
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
