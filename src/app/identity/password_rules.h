// What a new password must be, after NIST SP 800-63B-4 §3.1.1.2: long, of any characters, and none of those
// that are tried first. There are no rules on what it is made of, and none that it must be changed in time.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "app/identity/deny_list.h"
#include "base/error.h"
#include "base/secret.h"

namespace allauth::app {

struct PasswordRules {
  std::size_t min_characters = 15;  // the least for passwords that are the only factor; code points
  int min_score = 3;                // of PasswordStrength
  std::vector<std::string> words;   // of the installation: its name, whose it is
  std::shared_ptr<const DenyList> denied = nullptr;
};

// The text that is hashed, for new passwords and for those to be verified (codec::opaque_string); where there
// is none, the bytes as they are, which can only be those of a record from elsewhere.
Secret as_hashed(const Secret& password);

// The new password as it is hashed. `about` are texts that tell whose it is: name, user name, e-mail address.
// No Error holds anything of the password.
// Errors (invalid), in this order: password.too_long (more than crypto::kMaxPasswordBytes), password.invalid
// (not UTF-8, or with control or unknown characters), password.too_short, password.common (in the list of
// denied ones, or a common one), password.personal, password.weak.
Result<Secret> check_new_password(const PasswordRules& rules, const Secret& password,
                                  const std::vector<std::string>& about, std::string_view field = "password");

}  // namespace allauth::app
