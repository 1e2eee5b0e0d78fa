#include "app/identity/password_strength.h"

#include <algorithm>
#include <array>
#include <cmath>

#include <zxcvbn.h>

#include "base/secret.h"

namespace allauth::app {
namespace {

constexpr std::size_t kLooked = 100;

bool is_one_word(const ZxcMatch_t* first, std::size_t size) {
  if (first == nullptr || first->Next != nullptr || static_cast<std::size_t>(first->Length) != size)
    return false;
  const int kind = first->Type & ~MULTIPLE_MATCH;
  return kind == DICTIONARY_MATCH || kind == DICT_LEET_MATCH;
}

}  // namespace

PasswordStrength strength_of(std::string_view password, const std::vector<std::string>& words) {
  std::string looked_at(password.substr(0, kLooked));
  std::vector<const char*> dictionary;
  for (const auto& word : words) dictionary.push_back(word.c_str());
  dictionary.push_back(nullptr);
  ZxcMatch_t* parts = nullptr;
  const double bits = ZxcvbnMatch(looked_at.c_str(), dictionary.data(), &parts);
  PasswordStrength strength{.score = 0, .one_word = is_one_word(parts, looked_at.size())};
  ZxcvbnFreeInfo(parts);
  wipe_memory(looked_at.data(), looked_at.size());
  for (const double guesses : {1e3, 1e6, 1e8, 1e10})
    if (bits >= std::log2(guesses)) ++strength.score;
  return strength;
}

}  // namespace allauth::app
