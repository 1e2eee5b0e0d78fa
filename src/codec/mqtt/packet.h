// MQTT 3.1.1 and 5.0 control packets as values, and the way from and to bytes. Decoding checks all
// that one packet alone can violate; the rules between packets are the session's. Decoded packets
// borrow from the frame. decode(encode(p)) == p.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "codec/mqtt/frame.h"
#include "codec/mqtt/properties.h"
#include "codec/mqtt/types.h"

namespace allauth::mqtt {

struct Will {
  QoS qos = QoS::at_most_once;
  bool retain = false;
  PropertyView properties;
  std::string_view topic;
  std::string_view payload;
};

struct Connect {
  Version version = Version::v3_1_1;
  bool bridge = false;  // Mosquitto bridges set the high bit of the level byte
  bool clean = true;    // Clean Session (3.1.1), Clean Start (5.0)
  std::uint16_t keep_alive = 0;
  PropertyView properties;
  std::string_view client_id;
  std::optional<Will> will;
  std::optional<std::string_view> username;
  std::optional<std::string_view> password;
};

struct Connack {
  bool session_present = false;
  std::uint8_t code = 0;  // a ReturnCode (3.1.1) or ReasonCode (5.0)
  PropertyView properties;
};

struct Publish {
  bool dup = false;
  QoS qos = QoS::at_most_once;
  bool retain = false;
  std::string_view topic;  // empty only in 5.0, with a topic alias
  std::uint16_t packet_id = 0;
  PropertyView properties;
  std::string_view payload;
};

// PUBACK, PUBREC, PUBREL and PUBCOMP.
struct Ack {
  PacketType type = PacketType::puback;
  std::uint16_t packet_id = 0;
  ReasonCode code = ReasonCode::success;
  PropertyView properties;
};

struct Subscription {
  std::string_view filter;
  std::uint8_t options = 0;  // 5.0 §3.8.3.1; in 3.1.1 the QoS alone
  QoS qos() const { return static_cast<QoS>(options & 3u); }
  bool no_local() const { return (options & 4u) != 0; }
};

struct Subscribe {
  std::uint16_t packet_id = 0;
  PropertyView properties;
  std::vector<Subscription> entries;  // at least one
};

struct Unsubscribe {
  std::uint16_t packet_id = 0;
  PropertyView properties;
  std::vector<std::string_view> filters;  // at least one
};

// SUBACK and UNSUBACK; the latter has no codes in 3.1.1.
struct SubscribeAck {
  PacketType type = PacketType::suback;
  std::uint16_t packet_id = 0;
  PropertyView properties;
  std::string_view codes;
};

struct Ping {
  PacketType type = PacketType::pingreq;  // or pingresp
};

struct Disconnect {
  ReasonCode code = ReasonCode::success;
  PropertyView properties;
};

struct Auth {
  ReasonCode code = ReasonCode::success;
  PropertyView properties;
};

using Packet = std::variant<Connect, Connack, Publish, Ack, Subscribe, SubscribeAck, Unsubscribe, Ping,
                            Disconnect, Auth>;

// What a CONNECT says about its version, before anything else in it is believed.
struct ConnectHead {
  std::string_view protocol;  // "MQTT", or "MQIsdp" for 3.1
  std::uint8_t level = 0;     // high bit masked off
};
Decoded<ConnectHead> decode_connect_head(const Frame&);

// Any packet but the CONNECT of a version other than 3.1.1 and 5.0.
Decoded<Packet> decode(const Frame&, Version, Sender);
Decoded<Connect> decode_connect(const Frame&);
Decoded<Connack> decode_connack(const Frame&, Version);
Decoded<Publish> decode_publish(const Frame&, Version, Sender);
Decoded<Ack> decode_ack(const Frame&, Version);
Decoded<Subscribe> decode_subscribe(const Frame&, Version);
Decoded<Unsubscribe> decode_unsubscribe(const Frame&, Version);
Decoded<SubscribeAck> decode_subscribe_ack(const Frame&, Version);
Decoded<Disconnect> decode_disconnect(const Frame&, Version, Sender);

// The packet identifier of a well-formed frame that has one; 0 if it has none.
std::uint16_t peek_packet_id(const Frame&);

// Each appends one whole packet. Field sizes must be legal, which decoded packets are, else it aborts:
// who puts in other texts checks them against kMaxFieldBytes. Acks and DISCONNECT take the short forms
// of 5.0 where they can.
void encode(std::string& out, const Packet&, Version);
void encode(std::string& out, const Connect&);
void encode(std::string& out, const Connack&, Version);
void encode(std::string& out, const Publish&, Version);
void encode(std::string& out, const Ack&, Version);
void encode(std::string& out, const Subscribe&, Version);
void encode(std::string& out, const Unsubscribe&, Version);
void encode(std::string& out, const SubscribeAck&, Version);
void encode(std::string& out, const Ping&);
void encode(std::string& out, const Disconnect&, Version);
void encode(std::string& out, const Auth&);
std::size_t encoded_size(const Publish&, Version);

}  // namespace allauth::mqtt
