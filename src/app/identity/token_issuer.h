// Makes the tokens of a login: access tokens, which any node can verify, and refresh tokens that renew
// them. A refresh token is "ar1.<session>.<number>.<MAC>": it needs no stored secret, and an old number
// with a good MAC is proof of reuse, while nobody can make one up to end a session.
#pragma once

#include <string>

#include "app/identity/access_tokens.h"
#include "app/identity/digests.h"
#include "crypto/key.h"

namespace allauth::app {

struct Lifetimes {
  Seconds access{3600};
  Seconds refresh{7 * 86400};
};

struct RefreshClaims {
  SessionId session;
  std::int64_t generation = 0;
};

// Holds secrets that only nodes with a database have. Immutable, thread-safe.
class TokenIssuer {
 public:
  TokenIssuer(AccessRules rules, Lifetimes lifetimes, crypto::SigningKey key, TokenDigests digests)
      : rules_(std::move(rules)), lifetimes_(lifetimes), key_(std::move(key)), digests_(std::move(digests)) {}

  Result<Secret> mint_access(UserId user, SessionId session, std::string token_id, Instant now) const;

  Secret mint_refresh(const SessionId& session, std::int64_t generation) const;
  // Error: token.refresh.invalid.
  Result<RefreshClaims> parse_refresh(const Secret& token) const;

  const Lifetimes& lifetimes() const { return lifetimes_; }
  const TokenDigests& digests() const { return digests_; }

 private:
  const AccessRules rules_;
  const Lifetimes lifetimes_;
  const crypto::SigningKey key_;
  const TokenDigests digests_;
};

}  // namespace allauth::app
