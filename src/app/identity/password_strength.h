// How hard a password is to guess, as zxcvbn estimates it: by the cheapest way to put it together from common
// passwords, words, names, dates, sequences, repeats and patterns on a keyboard (Wheeler, "zxcvbn: Low-Budget
// Password Strength Estimation", USENIX Security 2016).
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace allauth::app {

struct PasswordStrength {
  // 0: below 10^3 guesses; 1: below 10^6; 2: below 10^8; 3: below 10^10; 4.
  int score = 0;
  // It is one word or one of the common passwords, perhaps several times.
  bool one_word = false;
};

// `words` are guessed first; lower case. Looks at the first 100 bytes, which takes at most some milliseconds
// (all the same character) and usually a tenth of one: what comes after is not worth less, but the estimate
// would take a time that grows with the square. Thread-safe.
PasswordStrength strength_of(std::string_view password, const std::vector<std::string>& words);

}  // namespace allauth::app
