// HMAC keys for tokens: HS256, HS384, HS512 (RFC 7518 §3.2). Whoever verifies with one can sign with it too,
// so a key stays with the one issuer that signs with it, is never published, and is no VerifyKey.
// Immutable, cheap to copy (shared), thread-safe; wiped when the last copy goes.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/secret.h"
#include "crypto/algorithm.h"

namespace allauth::crypto {

inline constexpr std::size_t kMaxSharedSecretBytes = 1024;

class SharedKey {
 public:
  // The secret has at least as many bytes as the hash, as RFC 7518 §3.2 demands, and at most
  // kMaxSharedSecretBytes. The id is the caller's choice, since anything made from the secret would help to
  // guess a weak one. Errors (invalid): key.algorithm, key.secret_size, key.id (empty).
  static Result<SharedKey> make(Algorithm algorithm, const Secret& secret, std::string kid);

  Algorithm algorithm() const;
  const std::string& kid() const;

  // About 0.003 ms. Error: key.sign (bug).
  Result<std::string> sign(std::string_view message) const;
  // In constant time, and only for a MAC of full length.
  bool verify(std::string_view message, std::string_view mac) const;

 private:
  struct Impl;
  explicit SharedKey(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}
  std::shared_ptr<const Impl> impl_;
};

}  // namespace allauth::crypto
