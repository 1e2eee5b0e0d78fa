// SHA-256 (FIPS 180-4), HMAC-SHA-256 (RFC 2104) and comparison in constant time. All of it is
// thread-safe; each thread keeps one digest context, so a hash of a short text costs well below 1 µs.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace allauth::crypto {

using Digest = std::array<std::uint8_t, 32>;

Digest sha256(std::string_view data);

// Hash of several pieces in a row, without joining them first.
Digest sha256(std::span<const std::string_view> pieces);

// A MAC key, prepared once and used often; the key itself is not kept. Any length is allowed;
// 32 random bytes are right. Immutable, wiped when it goes.
class HmacKey {
 public:
  explicit HmacKey(std::string_view key);
  HmacKey(const HmacKey&) = default;
  HmacKey& operator=(const HmacKey&) = default;
  ~HmacKey();

  Digest mac(std::string_view data) const;

 private:
  static constexpr std::size_t kBlock = 64;
  std::array<char, kBlock> inner_{}, outer_{};
};

Digest hmac_sha256(std::string_view key, std::string_view data);

// Equality in a time that depends on the lengths only.
bool equal_ct(std::span<const std::uint8_t> a, std::span<const std::uint8_t> b);
bool equal_ct(std::string_view a, std::string_view b);

// Hashes of a Digest may take its first bytes: they are uniform.
struct DigestHash {
  std::size_t operator()(const Digest& digest) const noexcept;
};

}  // namespace allauth::crypto
