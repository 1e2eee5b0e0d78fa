// Who asks: what a credential turned out to stand for.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "base/secret.h"
#include "crypto/hash.h"
#include "model/ids.h"
#include "policy/check.h"

namespace allauth::app {

// The kinds of principals. System: the program itself, for acts that nobody asked for.
enum class PrincipalKind { user, client, system, anonymous };
std::string_view to_string(PrincipalKind);

struct Principal {
  PrincipalKind kind = PrincipalKind::anonymous;
  std::string id;

  // As the policy engine names it. Borrows from this object.
  policy::SubjectRef subject() const { return {{to_string(kind), id}}; }
  friend bool operator==(const Principal&, const Principal&) = default;
};

// A credential that held: who it is and how far it goes.
struct Authenticated {
  Principal principal;
  // What the credential may be used for at most; null: all that its owner may do.
  std::shared_ptr<const policy::Restrictions> restrictions;
  DomainId tenant;                    // the domain of a client; empty for a user
  SessionId session;                  // the login an access token belongs to; else empty
  CredentialId token;                 // the personal token or user key that was shown; else empty
  std::optional<crypto::Digest> key;  // the digest of that, or of the key a client showed
  std::optional<Instant> expires;     // nothing: good until revoked
  std::vector<std::pair<std::string, std::string>> properties;  // to hand back to a broker or face
};

// More is needed: send `bytes` to the peer and come back with its answer and `sealed_state`.
struct Challenge {
  std::string bytes;
  std::string sealed_state;
};

struct Rejected {
  Reason reason;
  std::vector<std::pair<std::string, std::string>> properties;
};

using AuthenticateOutcome = std::variant<Authenticated, Challenge, Rejected>;

// One call: who makes it, and how the audit names it.
struct Caller {
  Authenticated who;
  std::string request_id;
};

// The program itself; `part` is the part of it that acts.
inline Caller system_caller(std::string part) {
  return {{.principal = {PrincipalKind::system, std::move(part)}}, {}};
}

}  // namespace allauth::app
