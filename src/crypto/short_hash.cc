#include "crypto/short_hash.h"

#include "crypto/sodium.h"

namespace allauth::crypto {

static_assert(sizeof(ShortHash) == crypto_shorthash_siphashx24_BYTES);
static_assert(sizeof(ShortHashKey) == crypto_shorthash_siphashx24_KEYBYTES);

ShortHashKey make_short_hash_key() {
  require_sodium();
  ShortHashKey key;
  crypto_shorthash_keygen(key.data());
  return key;
}

ShortHash short_hash(const ShortHashKey& key, std::string_view bytes) {
  ShortHash hash;
  crypto_shorthash_siphashx24(hash.data(), reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(),
                              key.data());
  return hash;
}

}  // namespace allauth::crypto
