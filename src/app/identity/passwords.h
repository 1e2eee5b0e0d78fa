// Proof of a password, in two steps: a slow one that can be made anywhere, and a short one under the
// writer's lock, which sees to it that a password that was changed meanwhile proves nothing.
#pragma once

#include <optional>
#include <string>

#include "app/core.h"
#include "app/credential.h"
#include "model/ids.h"
#include "store/read.h"

namespace allauth::app {

// Whose password was right, and the record that it was right for.
struct ProvenPassword {
  UserId user;
  std::string record;
};

// Burns the milliseconds of a hash, also for logins that do not exist. Nothing if login or password
// is wrong or the user is disabled; which of these it was cannot be found out, not even by the time.
// Error: that of LoginThrottle::admit.
Result<std::optional<ProvenPassword>> prove_password(const Core& core, const PasswordLogin& login);
// Of somebody who is logged in already, to be sure that it is them.
Result<std::optional<ProvenPassword>> prove_password(const Core& core, const UserId& user,
                                                     const Secret& password, const SessionId& session);

// True if the user is enabled and the record still theirs. For writes.
Result<bool> still_proven(store::Read& read, const ProvenPassword& proven);

}  // namespace allauth::app
