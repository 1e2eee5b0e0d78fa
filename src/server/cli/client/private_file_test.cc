#include "server/cli/client/private_file.h"

#include <filesystem>
#include <fstream>
#include <thread>

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "server/cli/client/profiles.h"

namespace allauth::server::cli {
namespace {

class PrivateFile : public ::testing::Test {
 protected:
  PrivateFile() {
    std::string name = ::testing::TempDir() + "/private_XXXXXX";
    folder_ = ::mkdtemp(name.data());
    ::setenv("XDG_CONFIG_HOME", folder_.c_str(), 1);
  }
  ~PrivateFile() override {
    ::unsetenv("XDG_CONFIG_HOME");
    std::filesystem::remove_all(folder_);
  }
  std::string path(std::string_view name) const { return folder_ + "/" + std::string(name); }
  static int mode(const std::string& path) {
    struct stat about{};
    return ::stat(path.c_str(), &about) == 0 ? static_cast<int>(about.st_mode & 0777) : -1;
  }

  std::string folder_;
};

TEST_F(PrivateFile, IsForItsOwnerOnly) {
  ASSERT_TRUE(write_private_file(path("a/b/file"), "secret"));
  EXPECT_EQ(mode(path("a/b/file")), 0600);
  EXPECT_EQ(mode(path("a/b")), 0700);
  EXPECT_EQ(read_private_file(path("a/b/file")).value(), "secret");
  ASSERT_TRUE(write_private_file(path("a/b/file"), "other"));
  EXPECT_EQ(read_private_file(path("a/b/file")).value(), "other");
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(path("a/b")), {}), 1);
}

TEST_F(PrivateFile, IsNotUsedWhereOthersCanReadIt) {
  ASSERT_TRUE(write_private_file(path("file"), "secret"));
  for (const mode_t mode : {0640, 0604, 0660, 0644}) {
    ASSERT_EQ(::chmod(path("file").c_str(), mode), 0);
    const auto read = read_private_file(path("file"));
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().reason, Reason("profile.unsafe"));
  }
}

TEST_F(PrivateFile, IsNoLinkAndNoFolder) {
  ASSERT_TRUE(write_private_file(path("file"), "secret"));
  std::filesystem::create_symlink(path("file"), path("link"));
  std::filesystem::create_directory(path("folder"));
  EXPECT_FALSE(read_private_file(path("link")));
  EXPECT_FALSE(read_private_file(path("folder")));
  EXPECT_EQ(read_private_file(path("nothing")).value(), "");
}

TEST_F(PrivateFile, IsNotReadWithoutEnd) {
  ASSERT_TRUE(write_private_file(path("file"), std::string(200'000, 'x')));
  EXPECT_FALSE(read_private_file(path("file")));
}

TEST_F(PrivateFile, LockLetsOneInAtATime) {
  auto first = FileLock::take(path("lock"), Millis(0));
  ASSERT_TRUE(first);
  EXPECT_EQ(FileLock::take(path("lock"), Millis(50)).error().reason, Reason("profile.locked"));
  std::thread other([&] { EXPECT_TRUE(FileLock::take(path("lock"), Millis(30'000))); });
  first->reset();
  other.join();
}

TEST_F(PrivateFile, KeepsProfilesAndTokens) {
  EXPECT_TRUE(load_profiles()->all.empty());
  EXPECT_FALSE(load_tokens("prod")->has_value());
  ASSERT_TRUE(save_profiles(
      {.current = "prod", .all = {{"prod", {.server = "https://a", .ca_file = "", .domain = "d"}}}}));
  ASSERT_TRUE(save_tokens(
      "prod", {.server = "https://a", .access = Secret("x"), .refresh = Secret("y"), .expires_at = 7}));
  EXPECT_EQ(load_profiles()->all.at("prod").domain, "d");
  const auto tokens = load_tokens("prod");
  ASSERT_TRUE(tokens && *tokens);
  EXPECT_EQ((*tokens)->expires_at, 7);
  EXPECT_EQ((*tokens)->server, "https://a");
  ASSERT_TRUE(forget_tokens("prod") && forget_tokens("prod"));
  EXPECT_FALSE(load_tokens("prod")->has_value());
}

TEST_F(PrivateFile, SaysThatAProfileIsDamaged) {
  ASSERT_TRUE(write_private_file(path("allauth/profiles.json"), "[1]"));
  ASSERT_TRUE(write_private_file(path("allauth/tokens/a.json"), "{"));
  EXPECT_EQ(load_profiles().error().reason, Reason("profile.damaged"));
  EXPECT_EQ(load_tokens("a").error().reason, Reason("profile.damaged"));
}

TEST(ProfileName, NamesAFileAndNoOther) {
  EXPECT_TRUE(check_profile_name("prod-1_x"));
  for (const std::string name : {"", "..", "a/b", "a b", "ä"}) EXPECT_FALSE(check_profile_name(name)) << name;
  EXPECT_FALSE(check_profile_name(std::string(65, 'a')));
}

}  // namespace
}  // namespace allauth::server::cli
