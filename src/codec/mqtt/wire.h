// The data types of the MQTT wire (5.0 §1.5): integers, variable byte integers, strings, binary data.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "codec/mqtt/types.h"

namespace allauth::mqtt {

inline constexpr std::uint32_t kMaxVarint = 268'435'455;
inline constexpr std::size_t kMaxFieldBytes = 65535;

// Text as MQTT wants it (5.0 §1.5.4): UTF-8 without NUL and surrogates. We also refuse what a
// receiver may refuse (control characters, non-characters), so that no client can make a stricter
// one disconnect by a message to it.
bool is_mqtt_text(std::string_view text);

// Takes fields off the front of a packet body. Borrows; a failed read ends the decoding.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : rest_(bytes) {}

  bool empty() const { return rest_.empty(); }
  std::size_t size() const { return rest_.size(); }

  Decoded<std::uint8_t> u8() {
    if (rest_.empty()) return malformed("mqtt.truncated");
    const auto value = byte(0);
    rest_.remove_prefix(1);
    return value;
  }
  Decoded<std::uint16_t> u16() {
    if (rest_.size() < 2) return malformed("mqtt.truncated");
    const auto value = static_cast<std::uint16_t>(byte(0) << 8 | byte(1));
    rest_.remove_prefix(2);
    return value;
  }
  Decoded<std::uint32_t> u32() {
    if (rest_.size() < 4) return malformed("mqtt.truncated");
    const auto value =
        std::uint32_t{byte(0)} << 24 | std::uint32_t{byte(1)} << 16 | std::uint32_t{byte(2)} << 8 | byte(3);
    rest_.remove_prefix(4);
    return value;
  }
  // At most four bytes, in the shortest form [MQTT-1.5.5-1].
  Decoded<std::uint32_t> varint();
  Decoded<std::string_view> take(std::size_t size) {
    if (rest_.size() < size) return malformed("mqtt.truncated");
    const auto bytes = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return bytes;
  }
  Decoded<std::string_view> binary() {
    TRY(auto size, u16());
    return take(size);
  }
  Decoded<std::string_view> text() {
    TRY(auto bytes, binary());
    if (!is_mqtt_text(bytes)) return malformed("mqtt.text.invalid");
    return bytes;
  }
  // All that is left.
  std::string_view rest() {
    const auto bytes = rest_;
    rest_ = {};
    return bytes;
  }

 private:
  std::uint8_t byte(std::size_t i) const { return static_cast<std::uint8_t>(rest_[i]); }
  std::string_view rest_;
};

// The writers append to `out`. Text and binary data must fit in kMaxFieldBytes, a varint in kMaxVarint:
// more is a bug of the caller and aborts, in every build, as the packet could not be read as written.
void write_u8(std::string& out, unsigned value);
void write_u16(std::string& out, unsigned value);
void write_u32(std::string& out, std::uint32_t value);
void write_varint(std::string& out, std::uint32_t value);
void write_binary(std::string& out, std::string_view bytes);
std::size_t varint_size(std::uint32_t value);

}  // namespace allauth::mqtt
