// For the tests of this folder: HTTP/2 frames by hand (RFC 9113), for what no library would send.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "net/rpc/test_support.h"

namespace allauth::net {

enum FrameType : std::uint8_t {
  kData,
  kHeaders,
  kPriority,
  kReset,
  kSettings,
  kPush,
  kPing,
  kGoAway,
  kWindow,
  kMore
};
inline constexpr std::uint8_t kEndStream = 1;
inline constexpr std::uint8_t kEndHeaders = 4;
inline constexpr std::string_view kPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

inline std::string big_endian(std::uint32_t n, int bytes) {
  std::string out;
  while (bytes-- > 0) out += static_cast<char>(n >> 8 * bytes);
  return out;
}

inline std::string frame(FrameType type, std::uint8_t flags, std::uint32_t stream, std::string_view payload) {
  return big_endian(static_cast<std::uint32_t>(payload.size()), 3) + static_cast<char>(type) +
         static_cast<char>(flags) + big_endian(stream, 4) + std::string(payload);
}

// Literals that are not remembered (RFC 7541 §6.2.2); names and values shorter than 127.
inline std::string field(std::string_view name, std::string_view value) {
  std::string out(1, '\0');
  for (const auto text : {name, value}) {
    out += static_cast<char>(text.size());
    out += text;
  }
  return out;
}

inline std::string head(std::string_view path) {
  return field(":method", "POST") + field(":scheme", "http") + field(":path", path) +
         field(":authority", "x") + field("te", "trailers") + field("content-type", "application/grpc");
}

inline std::string settings(std::uint16_t id, std::uint32_t value) {
  return frame(kSettings, 0, 0, big_endian(id, 2) + big_endian(value, 4));
}

// A peer that has said hello.
struct Peer : Client {
  explicit Peer(const TestServer& test) : Client(test.server->port()) {
    send(std::string(kPreface) + frame(kSettings, 0, 0, ""));
  }
  // Sends the same over and over; false as soon as it was cut off.
  bool flood(std::string_view data, int times) {
    for (int i = 0; i < times; ++i)
      if (!send(data)) return false;
    return true;
  }
};

}  // namespace allauth::net
