#include "codec/mqtt/packet.h"
#include "codec/mqtt/topic.h"

namespace allauth::mqtt {
namespace {

// Connect flags, MQTT 5.0 §3.1.2.3.
constexpr unsigned kUsername = 0x80;
constexpr unsigned kPassword = 0x40;
constexpr unsigned kWillRetain = 0x20;
constexpr unsigned kWillQos = 0x18;
constexpr unsigned kWill = 0x04;
constexpr unsigned kClean = 0x02;
constexpr unsigned kReserved = 0x01;

Decoded<std::string_view> read_protocol(Reader& in) { return in.binary(); }

Decoded<void> check_flags(unsigned flags, Version version) {
  if ((flags & kReserved) != 0) return malformed("mqtt.connect.flags_reserved");
  if ((flags & kWill) == 0 && (flags & (kWillQos | kWillRetain)) != 0)
    return malformed("mqtt.connect.will_flags");
  if ((flags & kWillQos) == kWillQos) return malformed("mqtt.connect.will_qos");
  // [MQTT-3.1.2-22] of 3.1.1; 5.0 allows a password alone.
  if (version != Version::v5 && (flags & kPassword) != 0 && (flags & kUsername) == 0)
    return malformed("mqtt.connect.password_without_username");
  return {};
}

Decoded<Will> read_will(Reader& in, unsigned flags, Version version) {
  Will will;
  will.qos = static_cast<QoS>((flags & kWillQos) >> 3);
  will.retain = (flags & kWillRetain) != 0;
  if (version == Version::v5) {
    TRY(will.properties, read_properties(in, Place::will));
  }
  TRY(will.topic, in.text());
  TRY(will.payload, in.binary());
  if (!is_topic_name(will.topic))
    return std::unexpected(Fault{ReasonCode::topic_name_invalid, "mqtt.will.topic"});
  const auto response = will.properties.find(PropertyId::response_topic);
  if (response && !is_topic_name(response->text)) return protocol_error("mqtt.response_topic.invalid");
  return will;
}

}  // namespace

Decoded<ConnectHead> decode_connect_head(const Frame& frame) {
  if (frame.flags != 0) return malformed("mqtt.flags.reserved");
  Reader in(frame.body);
  ConnectHead head;
  TRY(head.protocol, read_protocol(in));
  TRY(const auto level, in.u8());
  head.level = level & 0x7F;
  return head;
}

Decoded<Connect> decode_connect(const Frame& frame) {
  TRY(const auto head, decode_connect_head(frame));
  if (head.protocol != "MQTT" || (head.level != 4 && head.level != 5))
    return std::unexpected(Fault{ReasonCode::unsupported_version, "mqtt.connect.version"});
  Connect connect;
  connect.version = static_cast<Version>(head.level);
  Reader in(frame.body);
  TRY(in.take(2 + head.protocol.size()));
  TRY(const auto level, in.u8());
  connect.bridge = (level & 0x80) != 0;
  TRY(const unsigned flags, in.u8());
  TRY(check_flags(flags, connect.version));
  connect.clean = (flags & kClean) != 0;
  TRY(connect.keep_alive, in.u16());
  if (connect.version == Version::v5) {
    TRY(connect.properties, read_properties(in, Place::connect));
  }
  TRY(connect.client_id, in.text());
  if ((flags & kWill) != 0) {
    TRY(connect.will, read_will(in, flags, connect.version));
  }
  if ((flags & kUsername) != 0) {
    TRY(connect.username, in.text());
  }
  if ((flags & kPassword) != 0) {
    TRY(connect.password, in.binary());
  }
  if (!in.empty()) return malformed("mqtt.trailing_bytes");
  const bool data = connect.properties.find(PropertyId::authentication_data).has_value();
  if (data && !connect.properties.find(PropertyId::authentication_method))
    return protocol_error("mqtt.connect.authentication_data_alone");
  return connect;
}

}  // namespace allauth::mqtt
