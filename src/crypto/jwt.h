// Tokens that we sign and believe: JWTs (RFC 7519) as signed JWS with an explicit type (RFC 8725 §3.11).
// A VerifiedJwt can only come from verify(), so holding one is proof that all checks were made.
// Pure functions of their arguments; thread-safe.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "codec/jose/jws.h"
#include "crypto/key.h"
#include "crypto/key_set.h"

namespace allauth::crypto {

// What a token must say to be accepted at one place.
struct Expectation {
  std::string issuer;    // `iss`, compared byte by byte
  std::string audience;  // must be `aud` or one of them
  std::string typ;       // header `typ`, e.g. "at+jwt"; case and a leading "application/" do not matter
  Seconds leeway{30};    // for clocks that differ; taken as 0 to 60 s, whatever is set
};

struct Claims {
  std::string issuer, subject;
  std::vector<std::string> audience;  // at least one
  Instant expires{}, issued{};        // written as whole seconds, rounded down
  std::optional<Instant> not_before = {};
  std::string id;                                               // `jti`
  std::vector<std::pair<std::string, std::string>> extra = {};  // further members with text values
};

class VerifiedJwt {
 public:
  // issuer, subject, audience, expires, issued and id are always there, and none is empty.
  const Claims& claims() const { return claims_; }
  const std::string& kid() const { return kid_; }
  // The text of a further claim such as "sid"; null if absent or not a string.
  const std::string* extra(std::string_view name) const;

 private:
  friend Result<VerifiedJwt> verify(const jose::UnverifiedJws&, const KeySet&, const Expectation&, Instant);
  VerifiedJwt(Claims claims, std::string kid) : claims_(std::move(claims)), kid_(std::move(kid)) {}
  Claims claims_;
  std::string kid_;
};

// The order of checks: an algorithm that we know, key id, exactly that key's algorithm (RFC 8725 §3.1),
// signature, type, then claims: iss, sub, aud, exp, iat and jti must be there, nbf may be; times are JSON
// numbers. Errors, all Code::unauthenticated: token.alg, token.kid.missing, token.kid.unknown,
// token.signature, token.typ, token.malformed (payload is not a JSON object), token.claim.missing and
// token.claim.invalid (field says which), token.issuer, token.audience, token.expired,
// token.not_yet (nbf or iat lie ahead).
Result<VerifiedJwt> verify(const jose::UnverifiedJws&, const KeySet&, const Expectation&, Instant now);

// Takes as long as the key's signature does. Error: token.claims (bug) when a mandatory claim is empty, an
// extra one repeats another, or the token would be longer than UnverifiedJws accepts.
Result<std::string> mint(const SigningKey&, const Claims&, std::string_view typ);
Result<std::string> mint(const SharedKey&, const Claims&, std::string_view typ);

}  // namespace allauth::crypto
