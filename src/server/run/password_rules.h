// The rules for new passwords, as the configuration says them.
#pragma once

#include "app/identity/password_rules.h"
#include "base/log.h"
#include "server/config/config.h"

namespace allauth::server {

// Reads the list of denied passwords, and says how many they are. Errors: config.deny_list (invalid), when it
// cannot be read or is longer than 256 MiB.
Result<app::PasswordRules> password_rules(const PasswordConfig& config, Log& log);

}  // namespace allauth::server
