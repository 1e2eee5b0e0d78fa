#include "app/identity/password_rules.h"

#include <gtest/gtest.h>

#include "app/identity/password_strength.h"

namespace allauth::app {
namespace {

const std::vector<std::string> kAda = {"ada.lovelace", "ada.lovelace@engine.example", "Ada Lovelace"};

std::string_view verdict(const std::string& password, const PasswordRules& rules = {},
                         const std::vector<std::string>& about = kAda) {
  const auto fresh = check_new_password(rules, Secret(password), about, "new_password");
  if (fresh) return "taken";
  EXPECT_EQ(fresh.error().code, Code::invalid);
  EXPECT_EQ(fresh.error().field, "new_password");
  if (password.size() > 4) {
    EXPECT_EQ(fresh.error().message.find(password), std::string::npos) << "told in the message";
    EXPECT_EQ(fresh.error().detail.find(password), std::string::npos) << "told in the log";
  }
  return fresh.error().reason.slug();
}

TEST(NewPasswords, CountCharactersNotBytesAndKnowNoComposition) {
  EXPECT_EQ(verdict("all lower case words"), "taken");
  EXPECT_EQ(verdict("14 characters."), "password.too_short");
  EXPECT_EQ(verdict("fifteen letters"), "taken");
  EXPECT_EQ(verdict("\U0001F600\U0001F389\U0001F419\U0001F355\U0001F680\U0001F308\U0001F3B8\U0001F433"
                    "\U0001F511\U0001F335\U0001F369\U0001F3AF\U0001F422\u26A1\U0001F319"),
            "taken");
  EXPECT_EQ(verdict("\U0001F600\U0001F389\U0001F419\U0001F355\U0001F680\U0001F308\U0001F3B8"),
            "password.too_short");
  std::string words;
  while (words.size() < 1000) words += fmt::format("pebble {} violet ", words.size());
  EXPECT_EQ(verdict(words.substr(0, 64)), "taken");
  EXPECT_EQ(verdict(words.substr(0, 200)), "taken");
  EXPECT_EQ(verdict(words + std::string(1024 - words.size(), 'x')), "taken");
  EXPECT_EQ(verdict(std::string(1025, 'x')), "password.too_long");
  EXPECT_EQ(verdict(std::string(1'000'000, 'x')), "password.too_long");
}

TEST(NewPasswords, AreText) {
  EXPECT_EQ(verdict("\xFF\xFF and more text"), "password.invalid");
  EXPECT_EQ(verdict("with a \x07 bell inside"), "password.invalid");
  EXPECT_EQ(verdict(""), "password.too_short");
}

TEST(NewPasswords, AreHashedInOneForm) {
  const auto hashed = [](const std::string& password) {
    return check_new_password({}, Secret(password), {}).value().reveal();
  };
  EXPECT_EQ(hashed("die gr\u00F6\u00DFte T\u00FCr am Haus"),
            hashed("die gro\u0308\u00DFte Tu\u0308r am\u00A0Haus"));
  EXPECT_EQ(as_hashed(Secret(std::string("Tu\u0308r"))).reveal(), "T\u00FCr");
  EXPECT_EQ(as_hashed(Secret(std::string("\xFF\x01"))).reveal(), "\xFF\x01");
  EXPECT_EQ(hashed("  outer spaces count  "), "  outer spaces count  ");
}

TEST(NewPasswords, AreHardToGuess) {
  struct Row {
    std::string_view password, verdict;
  };
  for (const Row& row :
       {Row{"password1234567", "password.weak"}, Row{"passwordpasswordpassword", "password.common"},
        Row{"iloveyouiloveyou", "password.common"}, Row{"qwertyuiopasdfgh", "password.weak"},
        Row{"1234567890123456", "password.weak"}, Row{"abcdefghijklmnopqrst", "password.weak"},
        Row{"aaaaaaaaaaaaaaaaaaaa", "password.common"}, Row{"ada lovelace engine", "password.personal"},
        Row{"AdaLovelaceAdaLovelace", "password.personal"},
        Row{"ada.lovelace@engine.example", "password.personal"},
        Row{"lovelace engine allauth", "password.personal"}, Row{"correct horse battery staple", "taken"},
        Row{"ada counts wet pebbles", "taken"}})
    EXPECT_EQ(verdict(std::string(row.password)), row.verdict) << row.password;
}

TEST(NewPasswords, AreAsTheOperatorWants) {
  EXPECT_EQ(verdict("eight888", {.min_characters = 8, .min_score = 0}), "taken");
  EXPECT_EQ(verdict("password1234567", {.min_score = 0}), "taken");
  EXPECT_EQ(verdict("fifteen letters", {.min_characters = 16}), "password.too_short");
  EXPECT_EQ(verdict("example foundry works", {}, {}), "taken");
  EXPECT_EQ(verdict("example foundry works", {.words = {"Foundry Works", "Example"}}, {}),
            "password.personal");
}

TEST(NewPasswords, AreNoneOfThoseDenied) {
  const auto list = std::make_shared<DenyList>();
  for (const std::string_view line : {"the old bridge of stone", "\xFF", "", "stra\u00DFe am alten Markt"})
    list->add(line);
  list->add("the old bridge of stone");
  list->seal();
  EXPECT_EQ(list->size(), 2U);
  const PasswordRules rules{.min_score = 0, .denied = list};
  EXPECT_EQ(verdict("the old bridge of stone", rules), "password.common");
  EXPECT_EQ(verdict("The Old Bridge of Stone", rules), "password.common");
  EXPECT_EQ(verdict("STRASSE AM ALTEN MARKT", rules), "password.common");
  EXPECT_EQ(verdict("the old bridge of stones", rules), "taken");
}

TEST(PasswordStrength, HasScoresOfGuesses) {
  EXPECT_EQ(strength_of("", {}).score, 0);
  EXPECT_EQ(strength_of("password", {}).score, 0);
  EXPECT_TRUE(strength_of("password", {}).one_word);
  EXPECT_EQ(strength_of("kc8a2z9qp0f7h3m", {}).score, 4);
  EXPECT_FALSE(strength_of("kc8a2z9qp0f7h3m", {}).one_word);
  EXPECT_LT(strength_of("the garden of ada", {"ada", "garden"}).score,
            strength_of("the garden of ada", {}).score);
  EXPECT_LE(strength_of(std::string(100'000, 'x'), {}).score, 1);
}

}  // namespace
}  // namespace allauth::app
