// The tokens of a login: access tokens (JWT, RFC 9068) that prove it for an hour, and refresh tokens
// that renew it. A refresh token is "ar1.<session>.<number>.<MAC>": it needs no stored secret, and an
// old number with a good MAC is proof of reuse, while nobody can make one up to end a session.
#pragma once

#include <memory>
#include <string>

#include "app/identity/digests.h"
#include "base/clock.h"
#include "base/secret.h"
#include "crypto/jwt.h"
#include "crypto/key.h"
#include "crypto/key_set.h"
#include "crypto/token_cache.h"
#include "model/ids.h"

namespace allauth::app {

struct TokenRules {
  std::string issuer, audience;
  Seconds access_lifetime{3600};
  Seconds refresh_lifetime{7 * 86400};
};

struct AccessClaims {
  UserId user;
  SessionId session;
  Instant expires;
};

struct RefreshClaims {
  SessionId session;
  std::int64_t generation = 0;
};

// Signs and verifies for one issuer. Thread-safe.
class Tokens {
 public:
  static constexpr std::string_view kAccessTyp = "at+jwt";

  Tokens(TokenRules rules, crypto::SigningKey key, crypto::KeySet trusted, Digests digests)
      : rules_(std::move(rules)),
        key_(std::move(key)),
        trusted_(std::move(trusted)),
        digests_(std::move(digests)) {}

  Result<Secret> mint_access(UserId user, SessionId session, std::string token_id, Instant now) const;
  // Signature, type, issuer, audience and times; not whether user and session still live. A token
  // that passed once is answered from memory until it expires or forget() is called.
  Result<AccessClaims> verify_access(const Secret& token, Instant now) const;
  // Called when the log says that keys changed.
  void forget() { cache_.clear(); }

  Secret mint_refresh(const SessionId& session, std::int64_t generation) const;
  // Error: token.refresh.invalid.
  Result<RefreshClaims> parse_refresh(const Secret& token) const;

  const TokenRules& rules() const { return rules_; }
  const crypto::KeySet& trusted() const { return trusted_; }

 private:
  const TokenRules rules_;
  const crypto::SigningKey key_;
  const crypto::KeySet trusted_;
  const Digests digests_;
  mutable crypto::TokenCache cache_;
};

}  // namespace allauth::app
