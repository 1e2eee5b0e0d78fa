#include "base/network.h"

#include <algorithm>
#include <cstring>

#include <arpa/inet.h>
#include <fmt/format.h>

#include "base/text.h"

namespace allauth {
namespace {

constexpr std::array<std::uint8_t, 12> kMapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};
constexpr unsigned kMappedBits = 96;
constexpr std::size_t kLongestAddress = 45;

bool same_prefix(const IpAddress& a, const IpAddress& b, unsigned bits) {
  const std::size_t whole = bits / 8;
  if (!std::equal(a.bytes().begin(), a.bytes().begin() + static_cast<std::ptrdiff_t>(whole),
                  b.bytes().begin()))
    return false;
  const unsigned rest = bits % 8;
  if (rest == 0) return true;
  return ((a.bytes()[whole] ^ b.bytes()[whole]) >> (8 - rest)) == 0;
}

bool is_zero_behind(const IpAddress& address, unsigned bits) {
  for (unsigned bit = bits; bit < 128; ++bit)
    if ((address.bytes()[bit / 8] >> (7 - bit % 8) & 1) != 0) return false;
  return true;
}

}  // namespace

std::optional<IpAddress> IpAddress::parse(std::string_view text) {
  if (text.empty() || text.size() > kLongestAddress) return std::nullopt;
  const std::string copy(text);
  if (copy.find('\0') != std::string::npos) return std::nullopt;
  IpAddress address;
  if (copy.contains(':')) {
    if (::inet_pton(AF_INET6, copy.c_str(), address.bytes_.data()) != 1) return std::nullopt;
    return address;
  }
  std::ranges::copy(kMapped, address.bytes_.begin());
  if (::inet_pton(AF_INET, copy.c_str(), address.bytes_.data() + kMapped.size()) != 1) return std::nullopt;
  return address;
}

bool IpAddress::is_v4() const { return std::equal(kMapped.begin(), kMapped.end(), bytes_.begin()); }

bool IpAddress::is_loopback() const {
  if (is_v4()) return bytes_[12] == 127;
  return bytes_.back() == 1 && std::all_of(bytes_.begin(), bytes_.end() - 1, [](auto b) { return b == 0; });
}

std::string IpAddress::text() const {
  std::array<char, INET6_ADDRSTRLEN> out{};
  if (is_v4())
    ::inet_ntop(AF_INET, bytes_.data() + kMapped.size(), out.data(), out.size());
  else
    ::inet_ntop(AF_INET6, bytes_.data(), out.data(), out.size());
  return out.data();
}

std::optional<Network> Network::parse(std::string_view text) {
  const auto slash = text.find('/');
  const auto address = IpAddress::parse(text.substr(0, slash));
  if (!address) return std::nullopt;
  if (slash == std::string_view::npos) return Network(*address, 128);
  const bool dotted = !text.substr(0, slash).contains(':');
  const auto bits = parse_u64(text.substr(slash + 1));
  if (!bits || *bits > (dotted ? 32 : 128)) return std::nullopt;
  const Network network(*address, static_cast<unsigned>(*bits) + (dotted ? kMappedBits : 0));
  if (!is_zero_behind(*address, network.bits_)) return std::nullopt;
  return network;
}

bool Network::is_v4() const { return bits_ >= kMappedBits && base_.is_v4(); }

bool Network::contains(const IpAddress& address) const {
  return address.is_v4() == is_v4() && same_prefix(base_, address, bits_);
}

Result<Networks> Networks::parse(std::string_view list) {
  Networks networks;
  for (auto part : split(list, ',')) {
    part = trim(part);
    if (part.empty()) continue;
    if (part == "loopback") {
      networks.loopback_ = true;
    } else if (part == "unix") {
      networks.unix_ = true;
    } else if (const auto network = Network::parse(part)) {
      networks.networks_.push_back(*network);
    } else {
      return fail(Code::invalid, "network.invalid",
                  fmt::format("expected networks such as 10.0.0.0/8 or fd00::/8 (no bits set behind the "
                              "prefix), loopback or unix, not \"{}\"",
                              part));
    }
  }
  return networks;
}

bool Networks::contains(const IpAddress& address) const {
  if (loopback_ && address.is_loopback()) return true;
  return std::ranges::any_of(networks_, [&](const Network& network) { return network.contains(address); });
}

std::optional<std::uint64_t> customer_of(std::string_view peer) {
  const auto address = IpAddress::parse(peer.substr(0, peer.find('%')));
  if (!address) return std::nullopt;
  std::uint64_t number = 0;
  if (address->is_v4())
    std::memcpy(&number, address->bytes().data() + kMapped.size(), 4);
  else
    std::memcpy(&number, address->bytes().data(), sizeof number);
  return number;
}

bool Networks::contains(std::string_view peer) const {
  if (peer == "unix") return unix_;
  const auto address = IpAddress::parse(peer.substr(0, peer.find('%')));
  return address && contains(*address);
}

}  // namespace allauth
