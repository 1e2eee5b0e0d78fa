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
  bool outdated = false;  // a login should put a new record in its place
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

// The same password as a record of today's kind and cost; burns the milliseconds of a hash. Nothing where
// that is not needed, or not possible now: a login does not fail for it.
std::optional<std::string> renewed_record(const Core& core, const ProvenPassword& proven,
                                          const Secret& password);
// Puts it in the place of the record that was proven. Part of a write that has just seen still_proven.
Result<void> replace_record(store::Tx& tx, const Caller& caller, const ProvenPassword& proven,
                            std::string record);

}  // namespace allauth::app
