// Keys that sign tokens and the public halves that verify them: ES256, EdDSA (Ed25519) and RS256. What a
// signature is made of follows from the kind of key: 64 raw bytes r || s (RFC 7518 §3.4), 64 bytes
// (RFC 8037 §3.1), as many bytes as the modulus has (RFC 7518 §3.3). Keys are immutable, cheap to copy
// (shared) and thread-safe. Shared secrets are of another type: crypto/shared_key.h.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/secret.h"
#include "crypto/algorithm.h"

namespace allauth::crypto {

// Of an RSA modulus, in bits. Verifying takes 0.02 ms with the smallest and 0.08 ms with the largest.
inline constexpr std::size_t kMinRsaBits = 2048;
inline constexpr std::size_t kMaxRsaBits = 4096;
// Of the RSA keys that we make. 3072 bits would sign six times slower (2.1 ms instead of 0.37), and 2048
// bits are as good as 112 bits of a secret, enough until 2030 (NIST SP 800-57-1 table 4) for what lives as
// long as a token. Who wants more than that takes ES256, which is also ten times faster.
inline constexpr std::size_t kNewRsaBits = 2048;

class VerifyKey {
 public:
  // A public JWK (RFC 7517 §4; RFC 7518 §6.2.1, §6.3.1; RFC 8037 §2) of at most 8 KiB: a point on P-256 or
  // of Ed25519's prime-order group, or a modulus of kMinRsaBits to kMaxRsaBits with an odd exponent from
  // 65537 to 2^32. `use`, `alg` and `key_ops`, if there, must allow verifying with the key's algorithm; a
  // private member is refused, and so is `oct`. The key id is `kid`, or the thumbprint when there is none.
  // Error: key.invalid.
  static Result<VerifyKey> from_jwk(std::string_view json);
  // PEM SubjectPublicKeyInfo; the key id is the thumbprint. Error: key.invalid.
  static Result<VerifyKey> from_pem(std::string_view pem);

  // The one algorithm that this key may be used with.
  Algorithm algorithm() const;
  const std::string& kid() const;
  // RFC 7638, base64url of SHA-256.
  const std::string& thumbprint() const;
  // Public JWK: what makes the key, then use, alg and kid.
  std::string jwk() const;

  // True only for a signature of exactly the right size that fits the message. 0.02 to 0.1 ms.
  bool verify(std::string_view message, std::string_view signature) const;

 private:
  friend class SigningKey;
  struct Impl;
  explicit VerifyKey(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}
  std::shared_ptr<const Impl> impl_;
};

class SigningKey {
 public:
  // Of es256, eddsa or rs256. Randomness comes from OpenSSL's own generator. RSA takes up to a second.
  // Errors: key.algorithm (invalid) for a shared one; key.generate (bug).
  static Result<SigningKey> generate(Algorithm algorithm = Algorithm::es256);
  // Unencrypted PKCS#8 PEM of a key of P-256, Ed25519 or RSA. Error: key.invalid.
  static Result<SigningKey> from_pem(const Secret& pem);
  Secret to_pem() const;

  const VerifyKey& public_key() const { return public_key_; }
  const std::string& kid() const { return public_key_.kid(); }
  Algorithm algorithm() const { return public_key_.algorithm(); }

  // About 0.04 ms with ES256, 0.03 ms with EdDSA, and 0.4 ms (2048 bits) to 5 ms (4096 bits) with RS256:
  // never on an I/O thread nor within a write. Error: key.sign (bug).
  Result<std::string> sign(std::string_view message) const;

 private:
  struct Impl;
  SigningKey(std::shared_ptr<const Impl> impl, VerifyKey public_key)
      : impl_(std::move(impl)), public_key_(std::move(public_key)) {}
  std::shared_ptr<const Impl> impl_;
  VerifyKey public_key_;
};

}  // namespace allauth::crypto
