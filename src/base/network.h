// IP addresses and networks as values: who is where, as a configuration names it.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace allauth {

// Sixteen bytes; an IPv4 address is held as IPv6 maps it (RFC 4291 §2.5.5.2), so that 192.0.2.1 and
// ::ffff:192.0.2.1 are one address.
class IpAddress {
 public:
  // As text without brackets, port, prefix or zone; nothing for anything else.
  static std::optional<IpAddress> parse(std::string_view text);

  bool is_v4() const;
  bool is_loopback() const;  // 127.0.0.0/8, ::1
  std::string text() const;
  const std::array<std::uint8_t, 16>& bytes() const { return bytes_; }

  friend bool operator==(const IpAddress&, const IpAddress&) = default;

 private:
  std::array<std::uint8_t, 16> bytes_{};
};

// Who is behind an address as a connection has it, with or without a zone, as far as addresses tell: the IPv4
// address, or the first 64 bits of an IPv6 address, which one customer usually has for himself. Nothing for a
// peer without an address ("unix").
std::optional<std::uint64_t> customer_of(std::string_view peer);

// A network such as 10.0.0.0/8, fd00::/8 or, without a prefix, one address. An IPv6 network has no IPv4
// address in it, however short its prefix.
class Network {
 public:
  // Nothing also if bits are set behind the prefix: 10.1.0.0/8 may mean two things.
  static std::optional<Network> parse(std::string_view text);
  bool contains(const IpAddress& address) const;

 private:
  Network(const IpAddress& base, unsigned bits) : base_(base), bits_(bits) {}
  bool is_v4() const;

  IpAddress base_;
  unsigned bits_;  // of all 128
};

// Networks, and the words "loopback" (this machine, by IP) and "unix" (this machine, by a Unix socket).
class Networks {
 public:
  // Separated by commas. Error: network.invalid, which names the part that is none.
  static Result<Networks> parse(std::string_view list);

  bool empty() const { return !loopback_ && !unix_ && networks_.empty(); }
  // An address as a connection has it, with or without a zone ("fe80::1%eth0"), or "unix".
  bool contains(std::string_view peer) const;
  bool contains(const IpAddress& address) const;

 private:
  bool loopback_ = false;
  bool unix_ = false;
  std::vector<Network> networks_;
};

}  // namespace allauth
