// Sealing of small secrets at rest: XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha) under the master
// key, bound to the place where the value is kept, so that a sealed value moved to another row or
// column does not open.
//
// Format 1, binary: 0x01 | key id (4) | nonce (24) | ciphertext | tag (16). The key id says which
// master key opens it, so keys can be rotated. Pure functions, thread-safe.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/error.h"
#include "base/secret.h"
#include "crypto/master_key.h"

namespace allauth::crypto {

struct SealPlace {
  std::string_view table, row, column;
};

inline constexpr std::size_t kSealOverhead = 1 + 4 + 24 + 16;

// Under the current key.
std::string seal(const MasterKeys&, const SealPlace&, const Secret& value, Entropy&);

// Errors: unavailable seal.key.unknown (sealed under none of these keys; the message names the one);
// unavailable seal.broken (changed, moved from another place, or cut).
Result<Secret> open(const MasterKeys&, const SealPlace&, std::string_view sealed);

// The key that opens a sealed value; nothing if it is none.
std::optional<MasterKey::Id> sealed_under(std::string_view sealed);

}  // namespace allauth::crypto
