// SipHash-2-4 with 128 bits of output: a keyed hash for tables in memory that outsiders choose the keys of.
// Never stored or sent. Aumasson and Bernstein, "SipHash: a fast short-input PRF".
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace allauth::crypto {

using ShortHash = std::array<std::uint8_t, 16>;
using ShortHashKey = std::array<std::uint8_t, 16>;

// A random one, for one table in one process.
ShortHashKey make_short_hash_key();

ShortHash short_hash(const ShortHashKey& key, std::string_view bytes);

}  // namespace allauth::crypto
