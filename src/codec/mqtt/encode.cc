#include "codec/mqtt/packet.h"

namespace allauth::mqtt {
namespace {

void write_packet(std::string& out, PacketType type, unsigned flags, std::string_view body) {
  write_u8(out, static_cast<unsigned>(type) << 4 | flags);
  write_varint(out, static_cast<std::uint32_t>(body.size()));
  out.append(body);
}

void write_properties(std::string& out, PropertyView properties) {
  write_varint(out, static_cast<std::uint32_t>(properties.block().size()));
  out.append(properties.block());
}

unsigned connect_flags(const Connect& connect) {
  unsigned flags = connect.clean ? 0x02 : 0;
  if (connect.will) {
    flags |= 0x04 | static_cast<unsigned>(connect.will->qos) << 3;
    if (connect.will->retain) flags |= 0x20;
  }
  if (connect.password) flags |= 0x40;
  if (connect.username) flags |= 0x80;
  return flags;
}

std::size_t body_size(const Publish& publish, Version version) {
  std::size_t size = 2 + publish.topic.size() + publish.payload.size();
  if (publish.qos != QoS::at_most_once) size += 2;
  if (version == Version::v5) {
    const auto properties = publish.properties.block().size();
    size += varint_size(static_cast<std::uint32_t>(properties)) + properties;
  }
  return size;
}

// Code and properties of the acks, DISCONNECT and AUTH, in the shortest form that 5.0 allows.
void write_code(std::string& out, ReasonCode code, PropertyView properties) {
  if (code == ReasonCode::success && properties.empty()) return;
  write_u8(out, static_cast<unsigned>(code));
  if (!properties.empty()) write_properties(out, properties);
}

}  // namespace

void encode(std::string& out, const Connect& connect) {
  std::string body;
  const bool v5 = connect.version == Version::v5;
  write_binary(body, "MQTT");
  write_u8(body, static_cast<unsigned>(connect.version) | (connect.bridge ? 0x80 : 0));
  write_u8(body, connect_flags(connect));
  write_u16(body, connect.keep_alive);
  if (v5) write_properties(body, connect.properties);
  write_binary(body, connect.client_id);
  if (connect.will) {
    if (v5) write_properties(body, connect.will->properties);
    write_binary(body, connect.will->topic);
    write_binary(body, connect.will->payload);
  }
  if (connect.username) write_binary(body, *connect.username);
  if (connect.password) write_binary(body, *connect.password);
  write_packet(out, PacketType::connect, 0, body);
}

void encode(std::string& out, const Connack& connack, Version version) {
  std::string body;
  write_u8(body, connack.session_present ? 1 : 0);
  write_u8(body, connack.code);
  if (version == Version::v5) write_properties(body, connack.properties);
  write_packet(out, PacketType::connack, 0, body);
}

std::size_t encoded_size(const Publish& publish, Version version) {
  const auto size = body_size(publish, version);
  return 1 + varint_size(static_cast<std::uint32_t>(size)) + size;
}

void encode(std::string& out, const Publish& publish, Version version) {
  const unsigned flags =
      (publish.dup ? 8u : 0u) | static_cast<unsigned>(publish.qos) << 1 | (publish.retain ? 1u : 0u);
  write_u8(out, static_cast<unsigned>(PacketType::publish) << 4 | flags);
  write_varint(out, static_cast<std::uint32_t>(body_size(publish, version)));
  write_binary(out, publish.topic);
  if (publish.qos != QoS::at_most_once) write_u16(out, publish.packet_id);
  if (version == Version::v5) write_properties(out, publish.properties);
  out.append(publish.payload);
}

void encode(std::string& out, const Ack& ack, Version version) {
  std::string body;
  write_u16(body, ack.packet_id);
  if (version == Version::v5) write_code(body, ack.code, ack.properties);
  write_packet(out, ack.type, ack.type == PacketType::pubrel ? 2 : 0, body);
}

void encode(std::string& out, const Subscribe& subscribe, Version version) {
  std::string body;
  write_u16(body, subscribe.packet_id);
  if (version == Version::v5) write_properties(body, subscribe.properties);
  for (const auto& entry : subscribe.entries) {
    write_binary(body, entry.filter);
    write_u8(body, entry.options);
  }
  write_packet(out, PacketType::subscribe, 2, body);
}

void encode(std::string& out, const Unsubscribe& unsubscribe, Version version) {
  std::string body;
  write_u16(body, unsubscribe.packet_id);
  if (version == Version::v5) write_properties(body, unsubscribe.properties);
  for (const auto filter : unsubscribe.filters) write_binary(body, filter);
  write_packet(out, PacketType::unsubscribe, 2, body);
}

void encode(std::string& out, const SubscribeAck& ack, Version version) {
  std::string body;
  write_u16(body, ack.packet_id);
  if (version == Version::v5) write_properties(body, ack.properties);
  body.append(ack.codes);
  write_packet(out, ack.type, 0, body);
}

void encode(std::string& out, const Ping& ping) { write_packet(out, ping.type, 0, {}); }

void encode(std::string& out, const Disconnect& disconnect, Version version) {
  std::string body;
  if (version == Version::v5) write_code(body, disconnect.code, disconnect.properties);
  write_packet(out, PacketType::disconnect, 0, body);
}

void encode(std::string& out, const Auth& auth) {
  std::string body;
  write_u8(body, static_cast<unsigned>(auth.code));
  write_properties(body, auth.properties);
  write_packet(out, PacketType::auth, 0, body);
}

void encode(std::string& out, const Packet& packet, Version version) {
  std::visit(
      [&](const auto& p) {
        // Asked for in this order: with a version, any packet would convert to Packet again.
        if constexpr (requires { encode(out, p); })
          encode(out, p);
        else
          encode(out, p, version);
      },
      packet);
}

}  // namespace allauth::mqtt
