// Access tokens (JWT, RFC 9068) prove a login for an hour; every node can tell whether one is good.
#pragma once

#include <memory>
#include <string>

#include "base/clock.h"
#include "base/secret.h"
#include "crypto/key_set.h"
#include "crypto/token_cache.h"
#include "model/ids.h"

namespace allauth::app {

struct AccessRules {
  std::string issuer, audience;
  friend bool operator==(const AccessRules&, const AccessRules&) = default;
};

struct AccessClaims {
  UserId user;
  SessionId session;
  Instant expires;
};

// How access tokens are told from other tokens, and where their session stands.
inline constexpr std::string_view kAccessTyp = "at+jwt";
inline constexpr std::string_view kSessionClaim = "sid";

// Verifies for one issuer. Thread-safe.
class AccessTokens {
 public:
  AccessTokens(AccessRules rules, crypto::KeySet trusted)
      : rules_(std::move(rules)), trusted_(std::move(trusted)) {}

  // Signature, type, issuer, audience and times; not whether user and session still live. A token
  // that passed once is answered from memory until it expires or forget() is called.
  Result<std::shared_ptr<const AccessClaims>> verify_access(const Secret& token, Instant now) const;
  // Called when the log says that keys changed.
  void forget() { cache_.clear(); }

  const AccessRules& rules() const { return rules_; }
  const crypto::KeySet& trusted() const { return trusted_; }

 private:
  const AccessRules rules_;
  const crypto::KeySet trusted_;
  mutable crypto::TokenCache<AccessClaims> cache_;
};

}  // namespace allauth::app
