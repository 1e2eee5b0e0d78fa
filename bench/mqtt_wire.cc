#include "bench/mqtt_wire.h"

#include <fmt/format.h>

namespace allauth::bench::mqtt {
namespace {

constexpr std::uint8_t kConnect = 0x10;
constexpr std::uint8_t kPublish = 0x30;
constexpr std::uint8_t kQos1 = 0x02;
constexpr std::uint8_t kSubscribe = 0x82;

char byte(std::size_t value) { return static_cast<char>(value & 0xFF); }

void append_u16(std::string& out, std::size_t value) {
  out += byte(value >> 8);
  out += byte(value);
}
void append_text(std::string& out, std::string_view text) {
  append_u16(out, text.size());
  out += text;
}

std::string frame(std::uint8_t first, std::string_view body) {
  std::string out(1, static_cast<char>(first));
  std::size_t rest = body.size();
  do {
    const std::size_t more = rest > 127 ? 0x80 : 0;
    out += byte((rest & 0x7F) | more);
    rest >>= 7;
  } while (rest > 0);
  return out.append(body);
}

std::size_t u16_at(std::string_view bytes, std::size_t at) {
  return static_cast<std::size_t>(static_cast<std::uint8_t>(bytes[at])) << 8 |
         static_cast<std::uint8_t>(bytes[at + 1]);
}

// Waits for the next packet, which must be of that type and the only one.
Result<std::string> expect(const Socket& socket, Type type, std::string_view what) {
  std::string bytes;
  std::optional<Packet> packet;
  while (!(packet = parse_packet(bytes))) TRY(receive_some(socket, bytes));
  if (packet->type != type)
    return fail(Code::unavailable, "mqtt.answer", fmt::format("Expected {}, got another packet.", what));
  return std::string(packet->body);
}

}  // namespace

std::string connect_packet(const Login& login) {
  std::string body;
  append_text(body, "MQTT");
  body += "\x04\xC2";  // 3.1.1; user name, password, clean session
  append_u16(body, 0);
  append_text(body, login.client_id);
  append_text(body, login.username);
  append_text(body, login.password);
  return frame(kConnect, body);
}

std::string subscribe_packet(std::uint16_t id, std::string_view filter) {
  std::string body;
  append_u16(body, id);
  append_text(body, filter);
  body += '\0';
  return frame(kSubscribe, body);
}

std::string publish_packet(std::string_view topic, std::string_view payload) {
  std::string body;
  append_text(body, topic);
  return frame(kPublish, body.append(payload));
}

std::string publish_packet_qos1(std::string_view topic, std::string_view payload, std::uint16_t id) {
  std::string body;
  append_text(body, topic);
  append_u16(body, id);
  return frame(kPublish | kQos1, body.append(payload));
}

std::string disconnect_packet() { return {'\xE0', '\0'}; }

std::optional<Packet> parse_packet(std::string_view bytes) {
  std::size_t length = 0;
  for (std::size_t i = 1; i < bytes.size() && i <= 4; ++i) {
    const auto digit = static_cast<std::uint8_t>(bytes[i]);
    length |= static_cast<std::size_t>(digit & 0x7F) << (7 * (i - 1));
    if ((digit & 0x80) != 0) continue;
    const auto size = i + 1 + length;
    if (bytes.size() < size) return std::nullopt;
    return Packet{.type = static_cast<Type>(static_cast<std::uint8_t>(bytes[0]) >> 4),
                  .body = bytes.substr(i + 1, length),
                  .size = size};
  }
  return std::nullopt;
}

std::uint16_t packet_id(const Packet& packet) {
  return packet.body.size() < 2 ? std::uint16_t{0} : static_cast<std::uint16_t>(u16_at(packet.body, 0));
}

std::string_view payload(const Packet& packet) {
  if (packet.body.size() < 2) return {};
  const auto topic = u16_at(packet.body, 0) + 2;
  return topic <= packet.body.size() ? packet.body.substr(topic) : std::string_view();
}

Result<Socket> open_session(const Target& target, const Login& login) {
  TRY(auto socket, dial(target, Blocking::yes));
  TRY(send_all(socket, connect_packet(login)));
  TRY(const auto answer, expect(socket, Type::connack, "CONNACK"));
  if (answer.size() != 2 || answer[1] != 0)
    return fail(Code::unavailable, "mqtt.refused", "A CONNECT was refused.");
  return socket;
}

Result<void> subscribe(const Socket& socket, std::string_view filter) {
  TRY(send_all(socket, subscribe_packet(1, filter)));
  TRY(const auto answer, expect(socket, Type::suback, "SUBACK"));
  if (answer.size() != 3 || answer[2] != 0)
    return fail(Code::unavailable, "mqtt.refused", "A SUBSCRIBE was refused.");
  return {};
}

}  // namespace allauth::bench::mqtt
