#include "crypto/shared_key.h"

#include <array>

#include <fmt/format.h>

#include "codec/base64.h"
#include "crypto/hash.h"
#include "crypto/invariant.h"
#include "crypto/openssl.h"

namespace allauth::crypto {
namespace {

struct Hash {
  const char* name = nullptr;
  std::size_t size = 0;
};

Hash hash_of(Algorithm algorithm) {
  switch (algorithm) {
    case Algorithm::hs256:
      return {"SHA256", 32};
    case Algorithm::hs384:
      return {"SHA384", 48};
    case Algorithm::hs512:
      return {"SHA512", 64};
    case Algorithm::es256:
    case Algorithm::eddsa:
    case Algorithm::rs256:
      return {};
  }
  return {};
}

// A context with the key in it, copied for each MAC: faster than starting with the key each time.
ossl::MacContext keyed(const char* hash, const Secret& secret) {
  const ossl::Mac hmac(EVP_MAC_fetch(nullptr, "HMAC", nullptr));
  ossl::MacContext context(EVP_MAC_CTX_new(hmac.get()));
  std::string name = hash;
  const std::array params = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, name.data(), 0),
                             OSSL_PARAM_construct_end()};
  const bool ready = context && secret.with([&](std::string_view key) {
    return EVP_MAC_init(context.get(), codec::as_bytes(key).data(), key.size(), params.data()) == 1;
  });
  require(ready, "HMAC");
  return context;
}

}  // namespace

struct SharedKey::Impl {
  Algorithm algorithm;
  std::size_t size;
  std::string kid;
  ossl::MacContext context;
};

Result<SharedKey> SharedKey::make(Algorithm algorithm, const Secret& secret, std::string kid) {
  const Hash hash = hash_of(algorithm);
  if (hash.name == nullptr)
    return fail(Code::invalid, "key.algorithm", "A shared secret is for HS256, HS384 or HS512.", "algorithm");
  if (secret.size() < hash.size || secret.size() > kMaxSharedSecretBytes)
    return fail(Code::invalid, "key.secret_size",
                fmt::format("A secret for {} has {} to {} bytes.", jose_name(algorithm), hash.size,
                            kMaxSharedSecretBytes),
                "secret");
  if (kid.empty()) return fail(Code::invalid, "key.id", "A shared secret needs a key id.", "kid");
  return SharedKey(std::make_shared<Impl>(algorithm, hash.size, std::move(kid), keyed(hash.name, secret)));
}

Algorithm SharedKey::algorithm() const { return impl_->algorithm; }
const std::string& SharedKey::kid() const { return impl_->kid; }

Result<std::string> SharedKey::sign(std::string_view message) const {
  const ossl::MacContext context(EVP_MAC_CTX_dup(impl_->context.get()));
  std::string mac(impl_->size, '\0');
  std::size_t size = 0;
  const bool ok =
      context && EVP_MAC_update(context.get(), codec::as_bytes(message).data(), message.size()) == 1 &&
      EVP_MAC_final(context.get(), reinterpret_cast<std::uint8_t*>(mac.data()), &size, mac.size()) == 1;
  if (!ok || size != mac.size()) return fail(Code::bug, "key.sign", "A signature could not be made.");
  return mac;
}

bool SharedKey::verify(std::string_view message, std::string_view mac) const {
  const auto right = sign(message);
  return right && equal_ct(*right, mac);
}

}  // namespace allauth::crypto
