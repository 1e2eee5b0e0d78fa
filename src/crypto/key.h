// ES256 keys: ECDSA on P-256 with SHA-256 (RFC 7518 §3.4). Signatures are the 64 raw bytes r || s.
// Keys are immutable, cheap to copy (shared) and thread-safe.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/secret.h"

namespace allauth::crypto {

using Signature = std::array<std::uint8_t, 64>;

class VerifyKey {
 public:
  // The one algorithm that a key of this kind may be used with.
  static constexpr std::string_view kAlgorithm = "ES256";

  // A JWK (RFC 7517, RFC 7518 §6.2.1): kty EC, crv P-256, a point on the curve; `use`, `alg` and
  // `key_ops`, if there, must allow verifying ES256; a private member is refused.
  // The key id is `kid`, or the thumbprint when there is none. Error: key.invalid.
  static Result<VerifyKey> from_jwk(std::string_view json);
  // PEM SubjectPublicKeyInfo; the key id is the thumbprint. Error: key.invalid.
  static Result<VerifyKey> from_pem(std::string_view pem);

  const std::string& kid() const;
  // RFC 7638, base64url of SHA-256.
  const std::string& thumbprint() const;
  // Public JWK with kty, crv, x, y, use, alg and kid.
  std::string jwk() const;

  // True only for exactly 64 bytes with 0 < r, s < n that fit the message. About 0.1 ms.
  bool verify(std::string_view message, std::string_view signature) const;

 private:
  friend class SigningKey;
  struct Impl;
  explicit VerifyKey(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}
  std::shared_ptr<const Impl> impl_;
};

class SigningKey {
 public:
  // Randomness comes from OpenSSL's own generator. Error: key.generate (bug).
  static Result<SigningKey> generate();
  // Unencrypted PKCS#8 PEM of a P-256 key. Error: key.invalid.
  static Result<SigningKey> from_pem(const Secret& pem);
  Secret to_pem() const;

  const VerifyKey& public_key() const { return public_key_; }
  const std::string& kid() const { return public_key_.kid(); }

  // About 0.04 ms. Error: key.sign (bug).
  Result<Signature> sign(std::string_view message) const;

 private:
  struct Impl;
  SigningKey(std::shared_ptr<const Impl> impl, VerifyKey public_key)
      : impl_(std::move(impl)), public_key_(std::move(public_key)) {}
  std::shared_ptr<const Impl> impl_;
  VerifyKey public_key_;
};

}  // namespace allauth::crypto
