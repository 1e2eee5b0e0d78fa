#include "codec/mqtt/wire.h"

#include <cstdlib>

namespace allauth::mqtt {
namespace {

// The code point at the front of `text` and its length; length 0 if it is not well-formed UTF-8.
struct CodePoint {
  std::uint32_t value = 0;
  std::size_t length = 0;
};

CodePoint first_code_point(std::string_view text) {
  const auto at = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
  const std::uint8_t lead = at(0);
  if (lead < 0x80) return {lead, 1};
  const std::size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || text.size() < length) return {};
  std::uint32_t value = lead & (0x7Fu >> length);
  for (std::size_t i = 1; i < length; ++i) {
    if ((at(i) & 0xC0) != 0x80) return {};
    value = value << 6 | (at(i) & 0x3Fu);
  }
  const bool overlong = (length == 3 && value < 0x800) || (length == 4 && value < 0x10000);
  if (overlong || value > 0x10FFFF || (value >= 0xD800 && value <= 0xDFFF)) return {};
  return {value, length};
}

bool is_control(std::uint32_t c) { return c < 0x20 || (c >= 0x7F && c <= 0x9F); }

bool is_noncharacter(std::uint32_t c) { return (c & 0xFFFE) == 0xFFFE || (c >= 0xFDD0 && c <= 0xFDEF); }

}  // namespace

bool is_mqtt_text(std::string_view text) {
  bool plain = true;  // no early exit, so that the loop is vectorised
  for (const char c : text) plain &= c >= 0x20 && c < 0x7F;
  if (plain) return true;
  while (!text.empty()) {
    const auto point = first_code_point(text);
    if (point.length == 0 || is_control(point.value) || is_noncharacter(point.value)) return false;
    text.remove_prefix(point.length);
  }
  return true;
}

Decoded<std::uint32_t> Reader::varint() {
  std::uint32_t value = 0;
  for (unsigned shift = 0; shift < 28; shift += 7) {
    TRY(const auto next, u8());
    value |= (next & 0x7Fu) << shift;
    if ((next & 0x80u) != 0) continue;
    if (next == 0 && shift > 0) return malformed("mqtt.varint.not_shortest");
    return value;
  }
  return malformed("mqtt.varint.too_long");
}

void write_u8(std::string& out, unsigned value) { out.push_back(static_cast<char>(value & 0xFF)); }

void write_u16(std::string& out, unsigned value) {
  write_u8(out, value >> 8);
  write_u8(out, value);
}

void write_u32(std::string& out, std::uint32_t value) {
  write_u16(out, value >> 16);
  write_u16(out, value & 0xFFFF);
}

void write_varint(std::string& out, std::uint32_t value) {
  if (value > kMaxVarint) std::abort();
  while (value > 0x7F) {
    write_u8(out, (value & 0x7F) | 0x80);
    value >>= 7;
  }
  write_u8(out, value);
}

void write_binary(std::string& out, std::string_view bytes) {
  if (bytes.size() > kMaxFieldBytes) std::abort();  // a cut length would make the rest new packets
  write_u16(out, static_cast<unsigned>(bytes.size()));
  out.append(bytes);
}

std::size_t varint_size(std::uint32_t value) {
  return value < 1u << 7 ? 1 : value < 1u << 14 ? 2 : value < 1u << 21 ? 3 : 4;
}

}  // namespace allauth::mqtt
