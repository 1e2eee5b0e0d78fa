#include "app/identity/password_rules.h"

#include <algorithm>

#include <fmt/format.h>

#include "app/identity/password_strength.h"
#include "base/text.h"
#include "codec/opaque_string.h"
#include "crypto/password.h"

namespace allauth::app {
namespace {

// Words that most people's data has in it would make nothing weak.
constexpr std::size_t kShortestWord = 3;
constexpr std::size_t kMostWords = 64;

bool is_separator(char lower) {
  const bool letter_or_digit = (lower >= 'a' && lower <= 'z') || (lower >= '0' && lower <= '9');
  return static_cast<unsigned char>(lower) < 0x80 && !letter_or_digit;
}

// A text and the words in it, in lower case.
void append_words(std::vector<std::string>& words, std::string_view text) {
  const std::string lower = codec::folded(text).value_or(std::string());
  std::string word = lower;
  const auto end_word = [&] {
    if (word.size() >= kShortestWord && words.size() < kMostWords) words.push_back(word);
    word.clear();
  };
  end_word();
  for (const char c : lower) {
    if (is_separator(c))
      end_word();
    else
      word += c;
  }
  end_word();
}

std::vector<std::string> words_of(const std::vector<std::string>& first,
                                  const std::vector<std::string>& then) {
  std::vector<std::string> words{"allauth"};
  for (const auto& text : first) append_words(words, text);
  for (const auto& text : then) append_words(words, text);
  return words;
}

std::unexpected<Error> refuse(Reason reason, std::string message, std::string_view field) {
  return fail(Code::invalid, reason, std::move(message), std::string(field));
}

Result<void> check_guesses(const PasswordRules& rules, std::string_view text,
                           const std::vector<std::string>& about, std::string_view field) {
  const auto common = [&] {
    return refuse("password.common", "This password is one of those that are tried first; take another.",
                  field);
  };
  if (rules.denied && rules.denied->contains(text)) return common();
  const auto strength = strength_of(text, words_of(rules.words, about));
  if (strength.score >= rules.min_score) return {};
  if (strength.one_word) return common();
  if (strength_of(text, {}).score >= rules.min_score)
    return refuse(
        "password.personal",
        "This password is made of names or addresses that go with the account or this service; take another.",
        field);
  return refuse("password.weak",
                "This password is easy to guess; a few words that have nothing to do with each "
                "other are better.",
                field);
}

}  // namespace

Secret as_hashed(const Secret& password) {
  return password.with([&](std::string_view text) {
    auto plain = codec::opaque_string(text);
    return plain ? Secret(std::move(*plain)) : password.copy();
  });
}

Result<Secret> check_new_password(const PasswordRules& rules, const Secret& password,
                                  const std::vector<std::string>& about, std::string_view field) {
  const auto too_long = [&] {
    return refuse("password.too_long", "A password has at most 1024 bytes.", field);
  };
  if (password.size() > crypto::kMaxPasswordBytes) return too_long();
  auto plain = password.with([](std::string_view text) { return codec::opaque_string(text); });
  if (!plain && !password.empty())
    return refuse("password.invalid", "A password is UTF-8 text without control characters.", field);
  Secret fresh(plain ? std::move(*plain) : std::string());
  if (fresh.size() > crypto::kMaxPasswordBytes) return too_long();
  TRY(fresh.with([&](std::string_view text) -> Result<void> {
    if (code_points(text) < rules.min_characters)
      return refuse(
          "password.too_short",
          fmt::format("A password has at least {} characters; a sentence is fine.", rules.min_characters),
          field);
    return check_guesses(rules, text, about, field);
  }));
  return fresh;
}

}  // namespace allauth::app
