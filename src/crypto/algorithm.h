// The signature algorithms of JWS that we know (RFC 7518 §3.1, RFC 8037 §3.1). A key has exactly one of
// them, so no token can choose another (RFC 8725 §3.1).
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace allauth::crypto {

enum class Algorithm : std::uint8_t {
  es256,  // ECDSA on P-256 with SHA-256
  eddsa,  // Ed25519
  rs256,  // RSASSA-PKCS1-v1_5 with SHA-256
  hs256,  // HMAC with SHA-256, -384, -512: whoever can verify can also sign
  hs384,
  hs512,
};

// "ES256", "EdDSA" …, as in `alg`.
std::string_view jose_name(Algorithm);
// By exactly that name; nothing for any other, "none" among them.
std::optional<Algorithm> find_algorithm(std::string_view jose_name);

}  // namespace allauth::crypto
