#include "server/run/keys.h"

#include <filesystem>
#include <future>

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "base/log.h"
#include "base/metrics.h"
#include "crypto/master_key_file.h"
#include "server/config/address.h"

namespace allauth::server {
namespace {

class TheKeys : public ::testing::Test {
 protected:
  TheKeys() {
    std::string pattern = (std::filesystem::temp_directory_path() / "allauth-XXXXXX").string();
    folder = ::mkdtemp(pattern.data());
  }
  ~TheKeys() override { std::filesystem::remove_all(folder); }

  Result<Keys> open(crypto::Algorithm algorithm = crypto::Algorithm::es256) {
    Metrics metrics;
    TRY(auto store, store::Store::open({.clock = clock,
                                        .entropy = entropy,
                                        .log = log,
                                        .metrics = metrics,
                                        .location = folder + "/test.db"}));
    return open_keys(master(), *store, entropy, algorithm);
  }
  std::string master() const { return folder + "/master.key"; }

  SystemClock clock;
  SystemEntropy entropy;
  Log log{clock, LogLevel::error, LogFormat::human};
  std::string folder;
};

TEST_F(TheKeys, AreMadeOnceAndFoundAgain) {
  const auto first = open();
  ASSERT_TRUE(first) << first.error().message;
  const auto second = open();
  ASSERT_TRUE(second) << second.error().message;
  EXPECT_EQ(first->signing.kid(), second->signing.kid());
  EXPECT_EQ(first->tokens.refresh_token("s", 1), second->tokens.refresh_token("s", 1));
  EXPECT_NE(second->trusted.find(first->signing.kid()), nullptr);
}

TEST_F(TheKeys, AreOfTheAlgorithmThatWasAskedForFirst) {
  for (const auto algorithm :
       {crypto::Algorithm::es256, crypto::Algorithm::eddsa, crypto::Algorithm::rs256}) {
    std::filesystem::remove(folder + "/test.db");
    const auto made = open(algorithm);
    ASSERT_TRUE(made) << made.error().message;
    EXPECT_EQ(made->signing.algorithm(), algorithm);
    const auto found = open(crypto::Algorithm::es256);
    ASSERT_TRUE(found) << found.error().message;
    EXPECT_EQ(found->signing.kid(), made->signing.kid());
    EXPECT_EQ(found->signing.algorithm(), algorithm);
  }
}

// Nodes of one database and one master key file.
TEST_F(TheKeys, AreMadeOnceBySeveralAtOnce) {
  Metrics metrics;
  auto store = store::Store::open(
      {.clock = clock, .entropy = entropy, .log = log, .metrics = metrics, .location = folder + "/test.db"});
  ASSERT_TRUE(store) << store.error().message;
  std::vector<std::future<Result<Keys>>> nodes;
  for (int i = 0; i < 8; ++i)
    nodes.push_back(std::async(std::launch::async, [&] { return open_keys(master(), **store, entropy); }));
  std::vector<Result<Keys>> opened;
  for (auto& node : nodes) opened.push_back(node.get());
  for (const auto& keys : opened) {
    ASSERT_TRUE(keys) << keys.error().message;
    EXPECT_EQ(keys->signing.kid(), opened[0]->signing.kid());
    EXPECT_EQ(keys->trusted.keys().size(), 1U);
    EXPECT_EQ(keys->tokens.refresh_token("s", 1), opened[0]->tokens.refresh_token("s", 1));
  }
}

TEST_F(TheKeys, ThatRecogniseClientsMakeNoTokens) {
  const auto keys = open();
  ASSERT_TRUE(keys);
  const auto forger = keys->digest_key.with([](std::string_view key) { return app::TokenDigests(key); });
  EXPECT_NE(forger.refresh_token("s", 1), keys->tokens.refresh_token("s", 1));
}

TEST_F(TheKeys, AreNotReplacedWhenTheMasterKeyIsLost) {
  ASSERT_TRUE(open());
  std::filesystem::remove(master());
  const auto lost = open();
  ASSERT_FALSE(lost);
  EXPECT_EQ(lost.error().reason, Reason("keys.master_lost"));
  EXPECT_FALSE(std::filesystem::exists(master()));
}

TEST_F(TheKeys, DoNotOpenUnderAnotherMasterKeyOrAPublicOne) {
  ASSERT_TRUE(open());
  std::filesystem::remove(master());
  ASSERT_TRUE(crypto::create_master_keys(master(), entropy));
  EXPECT_EQ(open().error().reason, Reason("seal.key.unknown"));
  ::chmod(master().c_str(), 0644);
  EXPECT_EQ(open().error().reason, Reason("seal.key.permissions"));
}

}  // namespace
}  // namespace allauth::server
