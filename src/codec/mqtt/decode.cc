#include "codec/mqtt/packet.h"
#include "codec/mqtt/reason.h"
#include "codec/mqtt/topic.h"

namespace allauth::mqtt {
namespace {

Decoded<void> require_flags(const Frame& frame, std::uint8_t flags) {
  if (frame.flags != flags) return malformed("mqtt.flags.reserved");
  return {};
}

Decoded<void> require_end(const Reader& in) {
  if (!in.empty()) return malformed("mqtt.trailing_bytes");
  return {};
}

Decoded<std::uint16_t> read_packet_id(Reader& in) {
  TRY(const auto id, in.u16());
  if (id == 0) return protocol_error("mqtt.packet_id.zero");
  return id;
}

// Properties exist in 5.0 only.
Decoded<PropertyView> read_properties_of(Reader& in, Version version, Place place) {
  if (version != Version::v5) return PropertyView();
  return read_properties(in, place);
}

Decoded<ReasonCode> read_code(Reader& in, PacketType type, Sender sender) {
  TRY(const auto value, in.u8());
  const auto code = static_cast<ReasonCode>(value);
  if (!may_carry(type, sender, code)) return protocol_error("mqtt.reason_code.illegal");
  return code;
}

Place place_of(PacketType type) {
  switch (type) {
    case PacketType::puback:
      return Place::puback;
    case PacketType::pubrec:
      return Place::pubrec;
    case PacketType::pubrel:
      return Place::pubrel;
    case PacketType::pubcomp:
      return Place::pubcomp;
    case PacketType::unsuback:
      return Place::unsuback;
    default:
      return Place::suback;
  }
}

Decoded<Subscription> read_subscription(Reader& in, Version version) {
  TRY(const auto filter, in.text());
  TRY(const auto options, in.u8());
  if (!is_topic_filter(filter))
    return std::unexpected(Fault{ReasonCode::topic_filter_invalid, "mqtt.filter.invalid"});
  const std::uint8_t reserved = version == Version::v5 ? 0xC0 : 0xFC;
  if ((options & reserved) != 0) return malformed("mqtt.subscribe.options_reserved");
  const Subscription subscription{filter, options};
  if ((options & 3) == 3) return protocol_error("mqtt.subscribe.qos");
  if ((options & 0x30) == 0x30) return protocol_error("mqtt.subscribe.retain_handling");
  if (subscription.no_local() && parse_shared(filter))
    return protocol_error("mqtt.subscribe.shared_no_local");
  return subscription;
}

// A response topic is a topic name [MQTT-3.3.2-14].
Decoded<void> check_response_topic(PropertyView properties) {
  if (properties.empty()) return {};
  const auto topic = properties.find(PropertyId::response_topic);
  if (topic && !is_topic_name(topic->text)) return protocol_error("mqtt.response_topic.invalid");
  return {};
}

Decoded<void> check_topic(const Publish& publish, Version version) {
  if (!publish.topic.empty()) {
    if (!is_topic_name(publish.topic))
      return std::unexpected(Fault{ReasonCode::topic_name_invalid, "mqtt.topic.invalid"});
    return {};
  }
  if (version != Version::v5) return malformed("mqtt.topic.empty");
  if (!publish.properties.find(PropertyId::topic_alias)) return protocol_error("mqtt.topic.empty");
  return {};
}

Decoded<Ping> decode_ping(const Frame& frame) {
  TRY(require_flags(frame, 0));
  TRY(require_end(Reader(frame.body)));
  return Ping{frame.type};
}

Decoded<Auth> decode_auth(const Frame& frame, Version version, Sender sender) {
  if (version != Version::v5) return malformed("mqtt.auth.version");
  TRY(require_flags(frame, 0));
  Reader in(frame.body);
  Auth auth;
  if (in.empty()) return protocol_error("mqtt.auth.without_method");
  TRY(auth.code, read_code(in, PacketType::auth, sender));
  TRY(auth.properties, read_properties(in, Place::auth));
  if (!auth.properties.find(PropertyId::authentication_method))
    return protocol_error("mqtt.auth.without_method");
  TRY(require_end(in));
  return auth;
}

}  // namespace

Decoded<Connack> decode_connack(const Frame& frame, Version version) {
  TRY(require_flags(frame, 0));
  Reader in(frame.body);
  Connack connack;
  TRY(const auto flags, in.u8());
  if (flags > 1) return malformed("mqtt.connack.flags_reserved");
  connack.session_present = flags == 1;
  TRY(connack.code, in.u8());
  if (version == Version::v5) {
    if (!may_carry(PacketType::connack, Sender::server, static_cast<ReasonCode>(connack.code)))
      return protocol_error("mqtt.reason_code.illegal");
    TRY(connack.properties, read_properties(in, Place::connack));
  }
  TRY(require_end(in));
  return connack;
}

Decoded<Publish> decode_publish(const Frame& frame, Version version, Sender sender) {
  Publish publish;
  publish.dup = (frame.flags & 8) != 0;
  publish.retain = (frame.flags & 1) != 0;
  const int qos = frame.flags >> 1 & 3;
  if (qos == 3) return malformed("mqtt.publish.qos");
  publish.qos = static_cast<QoS>(qos);
  if (publish.dup && qos == 0) return malformed("mqtt.publish.dup");
  Reader in(frame.body);
  TRY(publish.topic, in.text());
  if (qos > 0) {
    TRY(publish.packet_id, read_packet_id(in));
  }
  if (version == Version::v5) {
    const bool client = sender == Sender::client;
    TRY(publish.properties,
        read_properties(in, client ? Place::publish_by_client : Place::publish_by_server));
    TRY(check_response_topic(publish.properties));
  }
  TRY(check_topic(publish, version));
  publish.payload = in.rest();
  return publish;
}

Decoded<Ack> decode_ack(const Frame& frame, Version version) {
  const bool pubrel = frame.type == PacketType::pubrel;
  TRY(require_flags(frame, pubrel ? 2 : 0));
  Reader in(frame.body);
  Ack ack{.type = frame.type};
  TRY(ack.packet_id, read_packet_id(in));
  if (version == Version::v5 && !in.empty()) {
    TRY(const auto value, in.u8());
    ack.code = static_cast<ReasonCode>(value);
    // Code 10 comes from servers only, but nothing depends on refusing it from a client.
    if (!may_carry(frame.type, Sender::server, ack.code)) return protocol_error("mqtt.reason_code.illegal");
    if (!in.empty()) {
      TRY(ack.properties, read_properties(in, place_of(frame.type)));
    }
  }
  TRY(require_end(in));
  return ack;
}

Decoded<Subscribe> decode_subscribe(const Frame& frame, Version version) {
  TRY(require_flags(frame, 2));
  Reader in(frame.body);
  Subscribe subscribe;
  TRY(subscribe.packet_id, read_packet_id(in));
  TRY(subscribe.properties, read_properties_of(in, version, Place::subscribe));
  while (!in.empty()) {
    TRY(const auto entry, read_subscription(in, version));
    subscribe.entries.push_back(entry);
  }
  if (subscribe.entries.empty()) return protocol_error("mqtt.subscribe.empty");
  return subscribe;
}

Decoded<Unsubscribe> decode_unsubscribe(const Frame& frame, Version version) {
  TRY(require_flags(frame, 2));
  Reader in(frame.body);
  Unsubscribe unsubscribe;
  TRY(unsubscribe.packet_id, read_packet_id(in));
  TRY(unsubscribe.properties, read_properties_of(in, version, Place::unsubscribe));
  while (!in.empty()) {
    TRY(const auto filter, in.text());
    if (!is_topic_filter(filter))
      return std::unexpected(Fault{ReasonCode::topic_filter_invalid, "mqtt.filter.invalid"});
    unsubscribe.filters.push_back(filter);
  }
  if (unsubscribe.filters.empty()) return protocol_error("mqtt.unsubscribe.empty");
  return unsubscribe;
}

Decoded<SubscribeAck> decode_subscribe_ack(const Frame& frame, Version version) {
  TRY(require_flags(frame, 0));
  Reader in(frame.body);
  SubscribeAck ack{.type = frame.type};
  TRY(ack.packet_id, read_packet_id(in));
  TRY(ack.properties, read_properties_of(in, version, place_of(frame.type)));
  ack.codes = in.rest();
  const bool with_codes = frame.type == PacketType::suback || version == Version::v5;
  if (with_codes == ack.codes.empty()) return malformed("mqtt.suback.codes");
  if (version != Version::v5) {
    for (const char code : ack.codes) {
      if (code != 0 && code != 1 && code != 2 && code != '\x80') return malformed("mqtt.suback.codes");
    }
    return ack;
  }
  for (const char code : ack.codes) {
    if (!may_carry(frame.type, Sender::server, static_cast<ReasonCode>(code)))
      return protocol_error("mqtt.reason_code.illegal");
  }
  return ack;
}

Decoded<Disconnect> decode_disconnect(const Frame& frame, Version version, Sender sender) {
  TRY(require_flags(frame, 0));
  Reader in(frame.body);
  Disconnect disconnect;
  if (version == Version::v5 && !in.empty()) {
    TRY(disconnect.code, read_code(in, PacketType::disconnect, sender));
    const auto place = sender == Sender::client ? Place::disconnect_by_client : Place::disconnect_by_server;
    if (!in.empty()) {
      TRY(disconnect.properties, read_properties(in, place));
    }
  }
  TRY(require_end(in));
  return disconnect;
}

Decoded<Packet> decode(const Frame& frame, Version version, Sender sender) {
  switch (frame.type) {
    case PacketType::connect:
      return decode_connect(frame);
    case PacketType::connack:
      return decode_connack(frame, version);
    case PacketType::publish:
      return decode_publish(frame, version, sender);
    case PacketType::puback:
    case PacketType::pubrec:
    case PacketType::pubrel:
    case PacketType::pubcomp:
      return decode_ack(frame, version);
    case PacketType::subscribe:
      return decode_subscribe(frame, version);
    case PacketType::unsubscribe:
      return decode_unsubscribe(frame, version);
    case PacketType::suback:
    case PacketType::unsuback:
      return decode_subscribe_ack(frame, version);
    case PacketType::pingreq:
    case PacketType::pingresp:
      return decode_ping(frame);
    case PacketType::disconnect:
      return decode_disconnect(frame, version, sender);
    case PacketType::auth:
      return decode_auth(frame, version, sender);
  }
  return malformed("mqtt.type.reserved");
}

std::uint16_t peek_packet_id(const Frame& frame) {
  Reader in(frame.body);
  switch (frame.type) {
    case PacketType::publish: {
      if ((frame.flags & 6) == 0) return 0;
      if (!in.binary()) return 0;
      return in.u16().value_or(0);
    }
    case PacketType::puback:
    case PacketType::pubrec:
    case PacketType::pubrel:
    case PacketType::pubcomp:
    case PacketType::subscribe:
    case PacketType::suback:
    case PacketType::unsubscribe:
    case PacketType::unsuback:
      return in.u16().value_or(0);
    case PacketType::connect:
    case PacketType::connack:
    case PacketType::pingreq:
    case PacketType::pingresp:
    case PacketType::disconnect:
    case PacketType::auth:
      return 0;
  }
  return 0;
}

}  // namespace allauth::mqtt
