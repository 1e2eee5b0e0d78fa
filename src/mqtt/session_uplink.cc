// What the client sends once it is connected.
#include "codec/mqtt/topic.h"
#include "mqtt/session.h"
#include "mqtt/topic_rules.h"

namespace allauth::mqtt {
namespace {

// 3.1.1 has one code for a refused filter, and none for a refused message.
constexpr auto kSubackFailure = static_cast<std::uint8_t>(ReasonCode::unspecified_error);

constexpr std::uint8_t kMostQosHere = 1;

constexpr Reason kTooManySubscriptions = "mqtt.subscriptions.too_many";

// `invalid`: what a topic, or filter, is called that nobody may use.
ReasonCode code_of(const Verdict& verdict, ReasonCode invalid) {
  if (verdict.outcome == Outcome::error) return ReasonCode::implementation_error;
  if (verdict.reason == kTopicTooLong || verdict.reason == kTopicShared) return invalid;
  if (verdict.reason == kTooManySubscriptions || verdict.reason == kTooManyProperties)
    return ReasonCode::quota_exceeded;
  return ReasonCode::not_authorized;
}

TopicVerdict ask_subscribe(Guard& guard, const Subscriptions& known, const SessionLimits& limits,
                           std::string_view filter, const Asked& asked) {
  const auto possible = check_filter(filter, limits.max_topic_bytes);
  if (!possible.granted()) return {possible, {}};
  auto answer = limited(guard.subscribe(filter, asked), limits.max_topic_bytes);
  const bool full = known.size() >= limits.max_subscriptions && !known.contains(filter);
  if (full && answer.verdict.granted()) answer.verdict = Verdict::deny(kTooManySubscriptions);
  return answer;
}

// Answers here with `code` what was to be forwarded.
void withdraw(PendingRequest& request, std::uint8_t code, Subscriptions& known) {
  for (auto& entry : request.entries) {
    if (!std::exchange(entry.forwarded, false)) continue;
    entry.code = code;
    if (!entry.added.empty()) known.remove(entry.added);
  }
}

// What becomes of a filter that the client unsubscribes.
struct Release {
  std::string broker_filter;              // to be unsubscribed at the broker; empty: nothing is
  ReasonCode code = ReasonCode::success;  // then the answer
};

Release release(std::string_view filter, Guard& guard, Subscriptions& known, std::size_t max_bytes) {
  // One that goes by another name, too, stays subscribed for that.
  if (known.contains(filter)) return {.broker_filter = known.remove(filter)};
  // A session that is older than the connection may have others.
  if (!check_filter(filter, max_bytes).granted()) return {.code = ReasonCode::topic_filter_invalid};
  auto name = guard.unsubscribe(filter);
  if (name.empty()) name = filter;
  if (is_too_long(name, max_bytes)) return {.code = ReasonCode::topic_filter_invalid};
  if (known.uses_at_broker(name)) return {.code = ReasonCode::no_subscription_existed};
  return {.broker_filter = std::move(name)};
}

}  // namespace

void Session::on_client_packet(const Frame& frame, Actions& out) {
  if (v5() && !frame.shortest_length)
    return fail({ReasonCode::malformed_packet, "mqtt.length.not_shortest"}, out);
  if (frame.bytes.size() > broker_max_packet_)
    return fail({ReasonCode::packet_too_large, "mqtt.packet.too_large"}, out);
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
  if (publish->qos == QoS::at_least_once && to_client_acks_.size() >= receive_maximum_)
    return fail({ReasonCode::receive_maximum_exceeded, "mqtt.receive_maximum"}, out);
  if (has_too_many(publish->properties, settings_.limits.max_user_properties))
    return refuse_publish(*publish, Verdict::deny(kTooManyProperties), out);
  const auto& topic = publish->topic;
  const auto asked = asked_of(*publish);
  const auto* known = publish_cache_.find(topic, asked, guard_->revision());
  TopicVerdict fresh;
  if (known == nullptr) {
    fresh = ask_publish(topic, asked);
    const bool fits = !is_too_long(topic, settings_.limits.max_topic_bytes);
    known = fits ? &publish_cache_.put(topic, asked, std::move(fresh)) : &fresh;
  }
  probe_.publish(known->verdict.outcome);
  if (!known->verdict.granted()) return refuse_publish(*publish, known->verdict, out);
  forward_publish(frame, *publish, known->topic, out);
}

TopicVerdict Session::ask_publish(std::string_view topic, const Asked& asked) {
  const auto most = settings_.limits.max_topic_bytes;
  const auto possible = check_topic(topic, most);
  if (!possible.granted()) return {possible, {}};
  return limited(guard_->publish(topic, asked), most);
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
  encode(bytes, Ack{.packet_id = publish.packet_id, .code = code_of(verdict, ReasonCode::topic_name_invalid)},
         version_);
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
  PendingRequest pending;
};

// Ids of requests under way are taken, and there is a limit to them.
bool Session::may_request(std::uint16_t packet_id, std::size_t filters, Actions& out) {
  if (subscriptions_.awaits(packet_id)) {
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
bool Session::ask_filter(const Subscription& entry, PropertyView properties, Split& split) {
  const Asked asked{.qos = static_cast<std::uint8_t>(entry.qos()), .properties = properties};
  auto answer = ask_subscribe(*guard_, subscriptions_, settings_.limits, entry.filter, asked);
  const auto& verdict = answer.verdict;
  probe_.subscribe(verdict.outcome);
  auto& slot = split.pending.entries.emplace_back();
  if (!verdict.granted()) {
    tell_denied(Operation::subscribe, entry.filter, verdict);
    const auto code = code_of(verdict, ReasonCode::topic_filter_invalid);
    slot.code = v5() ? static_cast<std::uint8_t>(code) : kSubackFailure;
    return v5() || verdict.outcome == Outcome::denied;
  }
  slot.forwarded = true;
  split.names.push_back(answer.topic.empty() ? std::string(entry.filter) : std::move(answer.topic));
  auto added = subscriptions_.add(entry.filter, split.names.back(), asked, answer.depends_on);
  if (added.fresh) slot.added = entry.filter;
  if (!added.orphan.empty()) revocations_.add(std::move(added.orphan));
  const auto qos = std::min({asked.qos, answer.qos, kMostQosHere});
  const auto options = static_cast<std::uint8_t>((entry.options & ~3u) | qos);
  split.forwarded.entries.push_back({split.names.back(), options});
  return true;
}

void Session::on_subscribe(const Frame& frame, Actions& out) {
  const auto subscribe = decode_subscribe(frame, version_);
  if (!subscribe) return fail(subscribe.error(), out);
  if (!may_request(subscribe->packet_id, subscribe->entries.size(), out)) return;
  if (has_too_many(subscribe->properties, settings_.limits.max_user_properties))
    return fail({ReasonCode::quota_exceeded, kTooManyProperties}, out);
  Split split;
  split.forwarded.packet_id = split.pending.packet_id = subscribe->packet_id;
  split.forwarded.properties = subscribe->properties;
  split.names.reserve(subscribe->entries.size());
  for (const auto& entry : subscribe->entries) {
    if (!ask_filter(entry, subscribe->properties, split)) return end(out);
  }
  deliver_cache_.clear();  // the names that deliveries come back with are those of the subscriptions
  std::string bytes;
  if (!split.names.empty()) encode(bytes, split.forwarded, version_);
  if (bytes.size() > broker_max_packet_) {
    // Longer names made it so, which the client cannot know.
    const auto quota = static_cast<std::uint8_t>(ReasonCode::quota_exceeded);
    withdraw(split.pending, v5() ? quota : kSubackFailure, subscriptions_);
    bytes.clear();
  }
  if (bytes.empty()) return answer_request(split.pending, {}, out);
  for (const auto& name : split.names) revocations_.drop(name);
  out.to_broker += bytes;
  subscriptions_.expect(std::move(split.pending));
}

void Session::on_unsubscribe(const Frame& frame, Actions& out) {
  const auto unsubscribe = decode_unsubscribe(frame, version_);
  if (!unsubscribe) return fail(unsubscribe.error(), out);
  if (!may_request(unsubscribe->packet_id, unsubscribe->filters.size(), out)) return;
  PendingRequest pending{.answer = PacketType::unsuback, .packet_id = unsubscribe->packet_id, .entries = {}};
  std::vector<std::string> names;
  for (const auto filter : unsubscribe->filters) {
    auto released = release(filter, *guard_, subscriptions_, settings_.limits.max_topic_bytes);
    const bool forwarded = !released.broker_filter.empty();
    if (forwarded) names.push_back(std::move(released.broker_filter));
    if (v5()) pending.entries.push_back({forwarded, static_cast<std::uint8_t>(released.code), {}});
  }
  deliver_cache_.clear();
  if (names.empty()) return answer_request(pending, {}, out);
  std::string bytes;
  encode(bytes, Unsubscribe{unsubscribe->packet_id, unsubscribe->properties, {names.begin(), names.end()}},
         version_);
  if (bytes.size() > broker_max_packet_) {
    // By the longer names it does not fit: they go in parts.
    for (auto& name : names) revocations_.add(std::move(name));
    return answer_request(pending, {}, out);
  }
  out.to_broker += bytes;
  subscriptions_.expect(std::move(pending));
}

void Session::answer_request(const PendingRequest& request, PropertyView properties, Actions& out) {
  std::string codes;
  for (const auto& entry : request.entries) codes.push_back(static_cast<char>(entry.code));
  const SubscribeAck ack{request.answer, request.packet_id, properties, codes};
  encode(out.to_client, ack, version_);
}

void Session::on_pingreq(const Frame& frame, Actions& out) {
  if (frame.flags != 0 || !frame.body.empty()) return fail({ReasonCode::malformed_packet, "mqtt.ping"}, out);
  pings_.client_asks();
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
