// A JWK or JWK set of anybody's: a key that is taken prints to a JWK that gives the same key again.
#include <cstdlib>

#include "crypto/key_set.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  namespace crypto = allauth::crypto;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto same = [](const crypto::VerifyKey& key) {
    const auto again = crypto::VerifyKey::from_jwk(key.jwk());
    if (!again || again->jwk() != key.jwk() || again->thumbprint() != key.thumbprint()) std::abort();
    if (key.verify("message", "signature")) std::abort();
  };
  if (const auto key = crypto::VerifyKey::from_jwk(text)) same(*key);
  if (const auto keys = crypto::parse_jwks(text)) {
    for (const auto& key : *keys) same(key);
  }
  if (const auto key = crypto::VerifyKey::from_pem(text)) same(*key);
  return 0;
}
