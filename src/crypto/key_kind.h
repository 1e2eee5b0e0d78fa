// What the kinds of key differ in, for the .cc files of this folder only.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/error.h"
#include "codec/jose/json_object.h"
#include "crypto/algorithm.h"
#include "crypto/openssl.h"

namespace allauth::crypto {

class PublicPart {
 public:
  virtual ~PublicPart() = default;
  // The required members of the JWK, as RFC 7638 §3.2 hashes them: `"crv":"P-256","kty":"EC","x":…`.
  virtual std::string members() const = 0;
  virtual bool verify(std::string_view message, std::string_view signature) const = 0;
};

class PrivatePart {
 public:
  virtual ~PrivatePart() = default;
  virtual Result<std::string> sign(std::string_view message) const = 0;
};

using Public = std::unique_ptr<const PublicPart>;
using Private = std::unique_ptr<const PrivatePart>;

struct KeyKind {
  Algorithm algorithm;
  std::string_view kty;  // RFC 7518 §6.1, RFC 8037 §2
  const char* name;      // in OpenSSL
  // Of members whose kty was seen to be this one. Error: key.invalid.
  Result<Public> (*from_jwk)(const jose::JsonObject&);
  // Of an OpenSSL key of that name. Errors: key.invalid.
  Result<Public> (*public_of)(const EVP_PKEY*);
  Result<Private> (*private_of)(EVP_PKEY*);
  EVP_PKEY* (*generate)();  // null if that fails
};

extern const KeyKind kP256;
extern const KeyKind kEd25519;
extern const KeyKind kRsa;

// Null if there is no such kind.
const KeyKind* kind_of(Algorithm);
const KeyKind* kind_of(const EVP_PKEY*);
const KeyKind* kind_of_kty(std::string_view kty);

// key.invalid; `why` is for the log.
std::unexpected<Error> bad_key(const char* why);
std::unexpected<Error> not_signed();

// The decoded bytes of a member; empty if it is not there or not base64url.
std::string bytes_of(const jose::JsonObject& jwk, std::string_view name);

// A context that is copied for each operation: copying is cheaper than finding the algorithm again.
ossl::KeyContext operation(EVP_PKEY* key, int (*init)(EVP_PKEY_CTX*));
ossl::KeyContext copy_of(const ossl::KeyContext&);

// A public key made of parameters; null if OpenSSL refuses them.
ossl::Key public_from(const char* kind, const ossl::Params&);

}  // namespace allauth::crypto
