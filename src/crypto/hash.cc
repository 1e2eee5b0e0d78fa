#include "crypto/hash.h"

#include <cstring>

#include <openssl/crypto.h>

#include "base/secret.h"
#include "crypto/invariant.h"
#include "crypto/openssl.h"

namespace allauth::crypto {
namespace {

// Fetched once: a look-up by name for each hash costs more than the hash (0.85 against 0.18 µs).
const EVP_MD* sha256_method() {
  static const EVP_MD* const method = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  return method;
}

EVP_MD_CTX* thread_context() {
  thread_local const ossl::DigestContext context{EVP_MD_CTX_new()};
  return context.get();
}

std::string_view text_of(const Digest& digest) {
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

}  // namespace

Digest sha256(std::span<const std::string_view> pieces) {
  EVP_MD_CTX* context = thread_context();
  Digest out;
  bool ok = EVP_DigestInit_ex2(context, sha256_method(), nullptr) == 1;
  for (const auto piece : pieces) ok = ok && EVP_DigestUpdate(context, piece.data(), piece.size()) == 1;
  ok = ok && EVP_DigestFinal_ex(context, out.data(), nullptr) == 1;
  require(ok, "SHA-256");
  return out;
}

Digest sha256(std::string_view data) { return sha256(std::span(&data, 1)); }

// RFC 2104 on top of the thread's digest context: half the time of a copied EVP_MAC context (0.3
// against 0.7 µs), and no context to share between threads.
HmacKey::HmacKey(std::string_view key) {
  Digest hashed{};
  if (key.size() > kBlock) {
    hashed = sha256(key);
    key = text_of(hashed);
  }
  std::ranges::copy(key, inner_.begin());
  std::ranges::copy(key, outer_.begin());
  for (char& c : inner_) c = static_cast<char>(c ^ 0x36);
  for (char& c : outer_) c = static_cast<char>(c ^ 0x5C);
  wipe_memory(hashed.data(), hashed.size());
}

HmacKey::~HmacKey() {
  wipe_memory(inner_.data(), inner_.size());
  wipe_memory(outer_.data(), outer_.size());
}

Digest HmacKey::mac(std::string_view data) const {
  const std::array<std::string_view, 2> inner{std::string_view(inner_.data(), kBlock), data};
  const Digest hashed = sha256(inner);
  const std::array<std::string_view, 2> outer{std::string_view(outer_.data(), kBlock), text_of(hashed)};
  return sha256(outer);
}

Digest hmac_sha256(std::string_view key, std::string_view data) { return HmacKey(key).mac(data); }

bool equal_ct(std::span<const std::uint8_t> a, std::span<const std::uint8_t> b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

bool equal_ct(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

std::size_t DigestHash::operator()(const Digest& digest) const noexcept {
  std::size_t out = 0;
  std::memcpy(&out, digest.data(), sizeof out);
  return out;
}

}  // namespace allauth::crypto
