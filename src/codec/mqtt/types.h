// The small words of MQTT that every part of the codec and of the gateway uses: versions, packet
// types, reason codes, and what went wrong while decoding.
#pragma once

#include <cstdint>
#include <expected>

#include "base/error.h"

namespace allauth::mqtt {

enum class Version : std::uint8_t { v3_1 = 3, v3_1_1 = 4, v5 = 5 };

enum class QoS : std::uint8_t { at_most_once = 0, at_least_once = 1, exactly_once = 2 };

// Who sent a packet: some fields are legal in one direction only.
enum class Sender : std::uint8_t { client, server };

// MQTT 5.0 §2.1.2. A wire enum: zero never reaches it (parse_type refuses it).
enum class PacketType : std::uint8_t {
  connect = 1,
  connack = 2,
  publish = 3,
  puback = 4,
  pubrec = 5,
  pubrel = 6,
  pubcomp = 7,
  subscribe = 8,
  suback = 9,
  unsubscribe = 10,
  unsuback = 11,
  pingreq = 12,
  pingresp = 13,
  disconnect = 14,
  auth = 15,
};

// MQTT 5.0 §2.4. Which packet may carry which code: may_carry() in reason.h.
enum class ReasonCode : std::uint8_t {
  success = 0x00,
  granted_qos_1 = 0x01,
  granted_qos_2 = 0x02,
  disconnect_with_will = 0x04,
  no_matching_subscribers = 0x10,
  no_subscription_existed = 0x11,
  continue_authentication = 0x18,
  reauthenticate = 0x19,
  unspecified_error = 0x80,
  malformed_packet = 0x81,
  protocol_error = 0x82,
  implementation_error = 0x83,
  unsupported_version = 0x84,
  client_id_not_valid = 0x85,
  bad_credentials = 0x86,
  not_authorized = 0x87,
  server_unavailable = 0x88,
  server_busy = 0x89,
  banned = 0x8A,
  server_shutting_down = 0x8B,
  bad_authentication_method = 0x8C,
  keep_alive_timeout = 0x8D,
  session_taken_over = 0x8E,
  topic_filter_invalid = 0x8F,
  topic_name_invalid = 0x90,
  packet_id_in_use = 0x91,
  packet_id_not_found = 0x92,
  receive_maximum_exceeded = 0x93,
  topic_alias_invalid = 0x94,
  packet_too_large = 0x95,
  message_rate_too_high = 0x96,
  quota_exceeded = 0x97,
  administrative_action = 0x98,
  payload_format_invalid = 0x99,
  retain_not_supported = 0x9A,
  qos_not_supported = 0x9B,
  use_another_server = 0x9C,
  server_moved = 0x9D,
  shared_subscriptions_not_supported = 0x9E,
  connection_rate_exceeded = 0x9F,
  maximum_connect_time = 0xA0,
  subscription_ids_not_supported = 0xA1,
  wildcards_not_supported = 0xA2,
};

// CONNACK return codes of 3.1 and 3.1.1 (§3.2.2.3).
enum class ReturnCode : std::uint8_t {
  accepted = 0,
  bad_protocol = 1,
  id_rejected = 2,
  server_unavailable = 3,
  bad_credentials = 4,
  not_authorized = 5,
};

// Why bytes are not an acceptable packet: `code` is what MQTT 5.0 answers (3.x just closes).
struct Fault {
  ReasonCode code;
  Reason reason;
};

template <class T>
using Decoded = std::expected<T, Fault>;

inline std::unexpected<Fault> malformed(Reason reason) {
  return std::unexpected(Fault{ReasonCode::malformed_packet, reason});
}
inline std::unexpected<Fault> protocol_error(Reason reason) {
  return std::unexpected(Fault{ReasonCode::protocol_error, reason});
}

}  // namespace allauth::mqtt
