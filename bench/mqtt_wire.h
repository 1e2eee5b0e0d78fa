// MQTT 3.1.1 packets, as the load generator makes and reads them: independent of the code it measures.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "bench/socket.h"

namespace allauth::bench::mqtt {

enum class Type : std::uint8_t {
  connack = 2,
  publish = 3,
  puback = 4,
  suback = 9,
};

struct Login {
  std::string client_id;
  std::string username;
  std::string password;
};

std::string connect_packet(const Login& login);                           // clean session, no keep alive
std::string subscribe_packet(std::uint16_t id, std::string_view filter);  // QoS 0
std::string publish_packet(std::string_view topic, std::string_view payload);
std::string publish_packet_qos1(std::string_view topic, std::string_view payload, std::uint16_t id);
std::string disconnect_packet();

struct Packet {
  Type type;
  std::string_view body;  // after the fixed header
  std::size_t size;       // of the whole packet
};
// Nothing while it is incomplete.
std::optional<Packet> parse_packet(std::string_view bytes);

// The packet id of a PUBACK or SUBACK.
std::uint16_t packet_id(const Packet& packet);
// The payload of a QoS 0 PUBLISH.
std::string_view payload(const Packet& packet);

// Connects and waits for the CONNACK. An error unless that accepts.
Result<Socket> open_session(const Target& target, const Login& login);
// Subscribes and waits for the SUBACK. An error unless that grants.
Result<void> subscribe(const Socket& socket, std::string_view filter);

}  // namespace allauth::bench::mqtt
