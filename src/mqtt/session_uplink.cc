// What the client sends once it is connected.
#include "codec/mqtt/topic.h"
#include "mqtt/session.h"

namespace allauth::mqtt {
namespace {

// 3.1.1 has one code for a refused filter, and none for a refused message.
constexpr auto kSubackFailure = static_cast<std::uint8_t>(ReasonCode::unspecified_error);

ReasonCode code_of(const Verdict& verdict) {
  return verdict.outcome == Outcome::error ? ReasonCode::implementation_error : ReasonCode::not_authorized;
}

}  // namespace

void Session::on_client_packet(const Frame& frame, Actions& out) {
  if (v5() && !frame.shortest_length)
    return fail({ReasonCode::malformed_packet, "mqtt.length.not_shortest"}, out);
  switch (frame.type) {
    case PacketType::publish:
      return on_publish(frame, out);
    case PacketType::puback:
      return on_client_puback(frame, out);
    case PacketType::subscribe:
      return on_subscribe(frame, out);
    case PacketType::unsubscribe:
      return on_unsubscribe(frame, out);
    case PacketType::pingreq:
      return on_pingreq(frame, out);
    case PacketType::disconnect:
      return on_client_disconnect(frame, out);
    case PacketType::pubrec:
    case PacketType::pubrel:
    case PacketType::pubcomp: {
      // QoS 2 was never agreed on.
      const auto ack = decode_ack(frame, version_);
      return fail(ack ? Fault{ReasonCode::qos_not_supported, "mqtt.qos2"} : ack.error(), out);
    }
    case PacketType::connect:
    case PacketType::connack:
    case PacketType::suback:
    case PacketType::unsuback:
    case PacketType::pingresp:
    case PacketType::auth:
      return fail({ReasonCode::protocol_error, "mqtt.packet.unexpected"}, out);
  }
}

void Session::on_publish(const Frame& frame, Actions& out) {
  const auto publish = decode_publish(frame, version_, Sender::client);
  if (!publish) return fail(publish.error(), out);
  if (publish->qos == QoS::exactly_once) return fail({ReasonCode::qos_not_supported, "mqtt.qos2"}, out);
  if (!publish->properties.empty() && publish->properties.find(PropertyId::topic_alias))
    return fail({ReasonCode::topic_alias_invalid, "mqtt.topic_alias"}, out);
  if (frame.bytes.size() > broker_max_packet_)
    return fail({ReasonCode::packet_too_large, "mqtt.packet.too_large"}, out);
  if (publish->qos == QoS::at_least_once && to_client_acks_.size() >= receive_maximum_)
    return fail({ReasonCode::receive_maximum_exceeded, "mqtt.receive_maximum"}, out);
  const auto* answer = publish_cache_.find(publish->topic, publish->retain, guard_->revision());
  if (answer == nullptr) {
    auto fresh = guard_->publish(publish->topic, publish->retain);
    answer = &publish_cache_.put(publish->topic, publish->retain, std::move(fresh));
  }
  probe_.publish(answer->verdict.outcome);
  if (!answer->verdict.granted()) return refuse_publish(*publish, answer->verdict, out);
  forward_publish(frame, *publish, answer->topic, out);
}

void Session::forward_publish(const Frame& frame, const Publish& publish, std::string_view topic,
                              Actions& out) {
  const bool acked = publish.qos == QoS::at_least_once;
  if (topic.empty()) {
    if (acked) to_client_acks_.expect(publish.packet_id);
    out.to_broker.append(frame.bytes);
    return;
  }
  auto renamed = publish;
  renamed.topic = topic;
  if (encoded_size(renamed, version_) > broker_max_packet_) {
    // The longer name made it too large for the broker, which the client cannot know.
    const Ack ack{.packet_id = publish.packet_id, .code = ReasonCode::quota_exceeded};
    std::string bytes;
    encode(bytes, ack, version_);
    if (acked) to_client_acks_.answer(std::move(bytes), out.to_client);
    return;
  }
  if (acked) to_client_acks_.expect(publish.packet_id);
  encode(out.to_broker, renamed, version_);
}

void Session::refuse_publish(const Publish& publish, const Verdict& verdict, Actions& out) {
  tell_denied(Operation::publish, publish.topic, verdict);
  // A failed look-up is not a denial: an acknowledgement would lose the message, and 3.1.1 has no other
  // way to say so than to close [MQTT-4.8.0-2 of 3.1.1].
  if (verdict.outcome == Outcome::error && !v5()) return end(out);
  if (publish.qos == QoS::at_most_once) return;
  std::string bytes;
  encode(bytes, Ack{.packet_id = publish.packet_id, .code = code_of(verdict)}, version_);
  to_client_acks_.answer(std::move(bytes), out.to_client);
}

void Session::on_client_puback(const Frame& frame, Actions& out) {
  const auto ack = decode_ack(frame, version_);
  if (!ack) return fail(ack.error(), out);
  // One that nothing waits for is harmless, and goes no further.
  to_broker_acks_.arrived(ack->packet_id, frame.bytes, out.to_broker);
}

struct Session::Split {
  Subscribe forwarded;
  std::vector<std::string> names;  // what `forwarded` borrows
  PendingSubscribe pending;
  std::string codes;  // of what is not forwarded
};

// Ids of requests under way are taken, and there is a limit to them.
bool Session::may_request(std::uint16_t packet_id, std::size_t filters, Actions& out) {
  if (subscriptions_.uses(packet_id)) {
    fail({ReasonCode::protocol_error, "mqtt.packet_id.in_use"}, out);
    return false;
  }
  const auto& limits = settings_.limits;
  if (filters > limits.max_subscriptions || subscriptions_.pending() >= limits.max_pending_requests) {
    fail({ReasonCode::quota_exceeded, "mqtt.requests.too_many"}, out);
    return false;
  }
  return true;
}

// False if that must end the connection: nothing was decided, and 3.1.1 cannot say so.
bool Session::ask_filter(const Subscription& entry, Split& split) {
  auto [verdict, topic] = guard_->subscribe(entry.filter);
  const bool full = subscriptions_.size() >= settings_.limits.max_subscriptions &&
                    !subscriptions_.contains(entry.filter) && verdict.granted();
  if (full) verdict = Verdict::deny("mqtt.subscriptions.too_many");
  probe_.subscribe(verdict.outcome);
  auto& slot = split.pending.entries.emplace_back();
  if (!verdict.granted()) {
    tell_denied(Operation::subscribe, entry.filter, verdict);
    const auto code = full ? ReasonCode::quota_exceeded : code_of(verdict);
    slot.code = v5() ? static_cast<std::uint8_t>(code) : kSubackFailure;
    split.codes.push_back(static_cast<char>(slot.code));
    return v5() || verdict.outcome == Outcome::denied;
  }
  slot.forwarded = true;
  split.names.push_back(topic.empty() ? std::string(entry.filter) : std::move(topic));
  if (subscriptions_.add(entry.filter, split.names.back())) slot.added = entry.filter;
  std::erase(revoked_, split.names.back());
  const bool lower = entry.qos() == QoS::exactly_once;
  const auto options = lower ? static_cast<std::uint8_t>((entry.options & ~3u) | 1u) : entry.options;
  split.forwarded.entries.push_back({split.names.back(), options});
  return true;
}

void Session::on_subscribe(const Frame& frame, Actions& out) {
  const auto subscribe = decode_subscribe(frame, version_);
  if (!subscribe) return fail(subscribe.error(), out);
  if (!may_request(subscribe->packet_id, subscribe->entries.size(), out)) return;
  Split split;
  split.forwarded.packet_id = split.pending.packet_id = subscribe->packet_id;
  split.forwarded.properties = subscribe->properties;
  split.names.reserve(subscribe->entries.size());
  for (const auto& entry : subscribe->entries) {
    if (!ask_filter(entry, split)) return end(out);
  }
  if (split.forwarded.entries.empty()) {
    const SubscribeAck ack{.packet_id = subscribe->packet_id, .properties = {}, .codes = split.codes};
    return encode(out.to_client, ack, version_);
  }
  encode(out.to_broker, split.forwarded, version_);
  subscriptions_.expect(std::move(split.pending));
}

void Session::on_unsubscribe(const Frame& frame, Actions& out) {
  const auto unsubscribe = decode_unsubscribe(frame, version_);
  if (!unsubscribe) return fail(unsubscribe.error(), out);
  if (!may_request(unsubscribe->packet_id, unsubscribe->filters.size(), out)) return;
  Unsubscribe forwarded{.packet_id = unsubscribe->packet_id, .properties = unsubscribe->properties};
  std::vector<std::string> names;
  names.reserve(unsubscribe->filters.size());
  for (const auto filter : unsubscribe->filters) {
    subscriptions_.remove(filter);
    names.push_back(guard_->unsubscribe(filter));
    if (names.back().empty()) names.back() = filter;
    forwarded.filters.push_back(names.back());
  }
  subscriptions_.expect_unsuback(unsubscribe->packet_id);
  encode(out.to_broker, forwarded, version_);
}

void Session::on_pingreq(const Frame& frame, Actions& out) {
  if (frame.flags != 0 || !frame.body.empty()) return fail({ReasonCode::malformed_packet, "mqtt.ping"}, out);
  ++pings_;
  out.to_broker.append(frame.bytes);
}

void Session::on_client_disconnect(const Frame& frame, Actions& out) {
  const auto disconnect = decode_disconnect(frame, version_, Sender::client);
  if (!disconnect) return fail(disconnect.error(), out);
  const auto expiry = disconnect->properties.find(PropertyId::session_expiry);
  if (!expiry) {
    out.to_broker.append(frame.bytes);
    return end(out);
  }
  if (expiry->number != 0 && session_expiry_ == 0)
    return fail({ReasonCode::protocol_error, "mqtt.disconnect.session_expiry"}, out);
  std::string block;
  for (auto property : disconnect->properties) {
    if (property.id == PropertyId::session_expiry)
      property.number = std::min(property.number, settings_.limits.max_session_expiry);
    write_property(block, property);
  }
  encode(out.to_broker, Disconnect{disconnect->code, PropertyView::trusted(block)}, version_);
  end(out);
}

}  // namespace allauth::mqtt
