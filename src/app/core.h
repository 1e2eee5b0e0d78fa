// What every use-case works with. Made once by the server; references live as long as it does.
#pragma once

#include <functional>
#include <string>

#include "app/caller.h"
#include "app/credential.h"
#include "app/identity/access_tokens.h"
#include "app/identity/digests.h"
#include "app/identity/login_throttle.h"
#include "app/identity/password_rules.h"
#include "base/clock.h"
#include "crypto/password.h"
#include "model/quotas.h"
#include "policy/check.h"
#include "store/snapshot/hub.h"

namespace allauth::app {

// Of the tokens of one user.
struct TokenLimits {
  std::int64_t per_user = 100;  // of each type
  std::int64_t scopes = 100;    // of one token
  Seconds lifetime{0};          // the longest; 0: for ever
};

struct Core {
  Clock& clock;
  Entropy& entropy;
  IdSource& ids;
  const store::SnapshotHub& snapshots;
  const policy::Engine& engine;
  const AccessTokens& tokens;
  const KeyDigests& digests;
  LoginThrottle& throttle;
  crypto::PasswordParams password_params;
  std::string dummy_record;  // what the password of an unknown user is checked against
  // How a password is checked by a node that has no password records; it may block. Empty: here.
  std::function<Result<AuthenticateOutcome>(const PasswordLogin&)> ask_password{};
  // Things that one forced delete may erase or move: all other writes wait for it.
  std::int64_t most_erased = 100'000;
  Amounts quotas{};                   // of domains that have none of their own; 0: no limit
  std::int64_t domains_per_user = 0;  // that one user or client may have made; 0: no limit

  std::uint64_t most_relationships = 10'000'000;  // of the installation's own kinds, in all
  TokenLimits token_limits{};

  PasswordRules password_rules{};  // of nodes that set passwords

  // The newest snapshot, good until the next call on this thread. Whoever answers from it asks it first
  // whether it may (check_usable).
  const store::Snapshot& now() const { return *snapshots.view(); }
  // That of the newest snapshot, good just as long.
  const policy::CompiledSchema& schema() const { return now().graph().schema(); }
};

}  // namespace allauth::app
