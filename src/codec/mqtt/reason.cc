#include "codec/mqtt/reason.h"

#include <array>
#include <cstdint>

namespace allauth::mqtt {
namespace {

// Columns of the table, client and server apart.
enum Column : std::uint16_t {
  kConnack = 1,
  kPubackC = 2,  // PUBACK and PUBREC
  kPubackS = 4,
  kPubrel = 8,  // PUBREL and PUBCOMP, both ways
  kSuback = 16,
  kUnsuback = 32,
  kDisconnectC = 64,
  kDisconnectS = 128,
  kAuthC = 256,
  kAuthS = 512,
  kPuback = kPubackC | kPubackS,
  kDisconnect = kDisconnectC | kDisconnectS,
  kAuth = kAuthC | kAuthS,
};

struct Row {
  std::uint8_t code;
  std::uint16_t columns;
  std::string_view name;
};

constexpr std::array kRows = {
    Row{0x00, kConnack | kPuback | kPubrel | kSuback | kUnsuback | kDisconnect | kAuthS, "success"},
    Row{0x01, kSuback, "granted_qos_1"},
    Row{0x02, kSuback, "granted_qos_2"},
    Row{0x04, kDisconnectC, "disconnect_with_will"},
    Row{0x10, kPubackS, "no_matching_subscribers"},
    Row{0x11, kUnsuback, "no_subscription_existed"},
    Row{0x18, kAuth, "continue_authentication"},
    Row{0x19, kAuthC, "reauthenticate"},
    Row{0x80, kConnack | kPuback | kSuback | kUnsuback | kDisconnect, "unspecified_error"},
    Row{0x81, kConnack | kDisconnect, "malformed_packet"},
    Row{0x82, kConnack | kDisconnect, "protocol_error"},
    Row{0x83, kConnack | kPuback | kSuback | kUnsuback | kDisconnect, "implementation_error"},
    Row{0x84, kConnack, "unsupported_version"},
    Row{0x85, kConnack, "client_id_not_valid"},
    Row{0x86, kConnack, "bad_credentials"},
    Row{0x87, kConnack | kPuback | kSuback | kUnsuback | kDisconnectS, "not_authorized"},
    Row{0x88, kConnack, "server_unavailable"},
    Row{0x89, kConnack | kDisconnectS, "server_busy"},
    Row{0x8A, kConnack, "banned"},
    Row{0x8B, kDisconnectS, "server_shutting_down"},
    Row{0x8C, kConnack, "bad_authentication_method"},
    Row{0x8D, kDisconnectS, "keep_alive_timeout"},
    Row{0x8E, kDisconnectS, "session_taken_over"},
    Row{0x8F, kSuback | kUnsuback | kDisconnectS, "topic_filter_invalid"},
    Row{0x90, kConnack | kPuback | kDisconnect, "topic_name_invalid"},
    Row{0x91, kPuback | kSuback | kUnsuback, "packet_id_in_use"},
    Row{0x92, kPubrel, "packet_id_not_found"},
    Row{0x93, kDisconnect, "receive_maximum_exceeded"},
    Row{0x94, kDisconnect, "topic_alias_invalid"},
    Row{0x95, kConnack | kDisconnect, "packet_too_large"},
    Row{0x96, kDisconnect, "message_rate_too_high"},
    Row{0x97, kConnack | kPuback | kSuback | kDisconnect, "quota_exceeded"},
    Row{0x98, kDisconnect, "administrative_action"},
    Row{0x99, kConnack | kPuback | kDisconnect, "payload_format_invalid"},
    Row{0x9A, kConnack | kDisconnectS, "retain_not_supported"},
    // §3.14.2.1 gives 9B to the server only, yet §3.3.4 lets a client send it.
    Row{0x9B, kConnack | kDisconnect, "qos_not_supported"},
    Row{0x9C, kConnack | kDisconnectS, "use_another_server"},
    Row{0x9D, kConnack | kDisconnectS, "server_moved"},
    Row{0x9E, kSuback | kDisconnectS, "shared_subscriptions_not_supported"},
    Row{0x9F, kConnack | kDisconnectS, "connection_rate_exceeded"},
    Row{0xA0, kDisconnectS, "maximum_connect_time"},
    Row{0xA1, kSuback | kDisconnectS, "subscription_ids_not_supported"},
    Row{0xA2, kSuback | kDisconnectS, "wildcards_not_supported"},
};

const Row* find_row(ReasonCode code) {
  for (const auto& row : kRows) {
    if (row.code == static_cast<std::uint8_t>(code)) return &row;
  }
  return nullptr;
}

std::uint16_t column_of(PacketType type, Sender from) {
  const bool client = from == Sender::client;
  switch (type) {
    case PacketType::connack:
      return client ? 0 : kConnack;
    case PacketType::puback:
    case PacketType::pubrec:
      return client ? kPubackC : kPubackS;
    case PacketType::pubrel:
    case PacketType::pubcomp:
      return kPubrel;
    case PacketType::suback:
      return client ? 0 : kSuback;
    case PacketType::unsuback:
      return client ? 0 : kUnsuback;
    case PacketType::disconnect:
      return client ? kDisconnectC : kDisconnectS;
    case PacketType::auth:
      return client ? kAuthC : kAuthS;
    case PacketType::connect:
    case PacketType::publish:
    case PacketType::subscribe:
    case PacketType::unsubscribe:
    case PacketType::pingreq:
    case PacketType::pingresp:
      return 0;
  }
  return 0;
}

}  // namespace

bool may_carry(PacketType type, Sender from, ReasonCode code) {
  const auto* row = find_row(code);
  return row != nullptr && (row->columns & column_of(type, from)) != 0;
}

std::string_view to_string(ReasonCode code) {
  const auto* row = find_row(code);
  return row == nullptr ? "unknown" : row->name;
}

}  // namespace allauth::mqtt
