#include "server/run/password_rules.h"

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

namespace allauth::server {
namespace {

class PasswordRulesOfTheServer : public ::testing::Test {
 protected:
  PasswordRulesOfTheServer() {
    std::string pattern = (std::filesystem::temp_directory_path() / "allauth-XXXXXX").string();
    folder = ::mkdtemp(pattern.data());
  }
  ~PasswordRulesOfTheServer() override { std::filesystem::remove_all(folder); }

  std::string file(std::string_view content) const {
    const auto path = folder + "/denied";
    std::ofstream(path, std::ios::binary) << content;
    return path;
  }

  SystemClock clock;
  Log log{clock, LogLevel::error, LogFormat::human};
  std::string folder;
};

TEST_F(PasswordRulesOfTheServer, AreThoseOfTheConfiguration) {
  const auto rules =
      password_rules({.min_length = 20, .min_score = 2, .context_words = "Foundry, Works"}, log).value();
  EXPECT_EQ(rules.min_characters, 20U);
  EXPECT_EQ(rules.min_score, 2);
  EXPECT_EQ(rules.words, (std::vector<std::string>{"Foundry", "Works"}));
  EXPECT_EQ(rules.denied, nullptr);
}

TEST_F(PasswordRulesOfTheServer, ReadAListOfDeniedPasswords) {
  const auto rules =
      password_rules({.deny_list = file("one two three four\r\n\n\xFFx\nlast line of all")}, log);
  ASSERT_TRUE(rules) << rules.error().message;
  EXPECT_EQ(rules->denied->size(), 2U);
  EXPECT_TRUE(rules->denied->contains("One Two Three Four"));
  EXPECT_TRUE(rules->denied->contains("last line of all"));
  EXPECT_FALSE(rules->denied->contains(""));
}

TEST_F(PasswordRulesOfTheServer, WantAListThatIsThereAndBounded) {
  EXPECT_EQ(password_rules({.deny_list = folder + "/none"}, log).error().reason, Reason("config.deny_list"));
  EXPECT_EQ(password_rules({.deny_list = folder}, log).error().reason, Reason("config.deny_list"));
  const auto large = file("");
  std::filesystem::resize_file(large, std::uintmax_t{256} * 1024 * 1024 + 1);
  EXPECT_EQ(password_rules({.deny_list = large}, log).error().reason, Reason("config.deny_list"));
}

}  // namespace
}  // namespace allauth::server
