#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "codec/base64.h"
#include "crypto/master_key_file.h"

namespace allauth::crypto {
namespace {

class MasterKeyFile : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "allauth-key-XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string path(std::string_view name = "master.key") const { return folder_ / name; }
  std::string write(std::string_view text, mode_t mode = 0600) const {
    const std::string file = path("written.key");
    std::filesystem::remove(file);
    std::ofstream(file, std::ios::binary) << text;
    EXPECT_EQ(::chmod(file.c_str(), mode), 0);
    return file;
  }
  static std::string_view reason_of(const Result<MasterKeys>& key) {
    return key ? "loaded" : key.error().reason.slug();
  }

  static std::vector<std::string> ids_of(const MasterKeys& keys) {
    std::vector<std::string> ids;
    for (const auto& key : keys.all()) ids.push_back(to_string(key.id()));
    return ids;
  }
  std::string content() const {
    std::ifstream file(path(), std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  SystemEntropy entropy_;
  std::filesystem::path folder_;
};

TEST_F(MasterKeyFile, IsCreatedForItsOwnerOnlyAndLoadsAgain) {
  CountingEntropy entropy;
  const auto created = create_master_keys(path(), entropy);
  ASSERT_TRUE(created);
  struct stat info{};
  ASSERT_EQ(::stat(path().c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, 0600U);
  EXPECT_EQ(info.st_size, 74);
  const auto loaded = load_master_keys(path());
  ASSERT_TRUE(loaded);
  EXPECT_EQ(ids_of(*loaded), ids_of(*created));
  const auto* bytes = loaded->current().bytes();
  EXPECT_TRUE(std::equal(bytes, bytes + MasterKey::kSize, created->current().bytes()));
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder_), {}), 1) << "nothing is left behind";
}

TEST_F(MasterKeyFile, IsNeverOverwritten) {
  SystemEntropy entropy;
  const auto first = create_master_keys(path(), entropy);
  ASSERT_TRUE(first);
  EXPECT_EQ(reason_of(create_master_keys(path(), entropy)), "seal.key.exists");
  EXPECT_EQ(ids_of(*load_master_keys(path())), ids_of(*first));
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder_), {}), 1);
  EXPECT_EQ(reason_of(create_master_keys(path("no/such/folder"), entropy)), "seal.key.unwritable");
}

TEST_F(MasterKeyFile, IsRefusedWhenOthersMayTouchIt) {
  for (const mode_t mode : {0640U, 0604U, 0620U, 0602U, 0666U, 0610U})
    EXPECT_EQ(reason_of(load_master_keys(write(std::string(32, 'k'), mode))), "seal.key.permissions") << mode;
  for (const mode_t mode : {0600U, 0400U})
    EXPECT_EQ(reason_of(load_master_keys(write(std::string(32, 'k'), mode))), "loaded") << mode;
}

TEST_F(MasterKeyFile, HoldsThirtyTwoBytesRawOrHex) {
  const std::string raw(32, '\xAB');
  const auto id = load_master_keys(write(raw)).value().current().id();
  EXPECT_EQ(load_master_keys(write(codec::hex_encode(raw))).value().current().id(), id);
  EXPECT_EQ(load_master_keys(write(codec::hex_encode(raw) + "\n")).value().current().id(), id);
  for (const std::string& text :
       {std::string(), std::string(31, 'k'), std::string(33, 'k'), std::string(64, 'k'),
        std::string(64, 'a') + "\n\n", std::string(65, 'a'), std::string(66, 'a'), std::string(100'000, 'a')})
    EXPECT_EQ(reason_of(load_master_keys(write(text))), "seal.key.invalid") << text.size();
  EXPECT_EQ(reason_of(load_master_keys(path("absent"))), "seal.key.missing");
  EXPECT_EQ(reason_of(load_master_keys(folder_)), "seal.key.invalid");
  const std::string pipe = path("pipe");
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  EXPECT_EQ(reason_of(load_master_keys(pipe)), "seal.key.invalid");
}

TEST_F(MasterKeyFile, HoldsSeveralKeysTheCurrentOneFirst) {
  const auto first = create_master_keys(path(), entropy_).value();
  const auto add = [this](const MasterKeys& keys) { return keys.with(MasterKey::generate(entropy_)); };
  const auto both = change_master_keys(path(), entropy_, add);
  ASSERT_TRUE(both) << both.error().message;
  EXPECT_EQ(ids_of(load_master_keys(path()).value()), ids_of(*both));
  EXPECT_EQ(both->current().id(), first.current().id());
  const auto newer = both->all().back().id();
  ASSERT_TRUE(
      change_master_keys(path(), entropy_, [&](const auto& keys) { return keys.with_current(newer); }));
  EXPECT_EQ(load_master_keys(path())->current().id(), newer);
  ASSERT_TRUE(change_master_keys(path(), entropy_,
                                 [&](const auto& keys) { return keys.without(first.current().id()); }));
  EXPECT_EQ(ids_of(load_master_keys(path()).value()), std::vector{to_string(newer)});
  struct stat info{};
  ASSERT_EQ(::stat(path().c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, 0600U);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder_), {}), 1);
}

TEST_F(MasterKeyFile, StaysAsItIsWhenAChangeIsRefused) {
  const auto first = create_master_keys(path(), entropy_).value();
  const auto before = content();
  const auto change = [&](auto fn) {
    const auto done = change_master_keys(path(), entropy_, fn);
    return done ? "done" : done.error().reason.slug();
  };
  const auto id = first.current().id();
  EXPECT_EQ(change([&](const auto& keys) { return keys.without(id); }), "seal.key.current");
  EXPECT_EQ(change([&](const auto& keys) { return keys.with(keys.current()); }), "seal.key.exists");
  EXPECT_EQ(change([&](const auto& keys) { return keys.without({}); }), "seal.key.unknown");
  EXPECT_EQ(change([&](const auto& keys) { return keys.with_current({}); }), "seal.key.unknown");
  EXPECT_EQ(content(), before);
  const auto add = [&](const auto& keys) { return keys.with(MasterKey::generate(entropy_)); };
  for (std::size_t i = 1; i < MasterKeys::kMost; ++i) ASSERT_EQ(change(add), "done");
  EXPECT_EQ(change(add), "seal.key.too_many");
  EXPECT_EQ(load_master_keys(path())->all().size(), MasterKeys::kMost);
}

TEST_F(MasterKeyFile, IsChangedByOneAtATime) {
  ASSERT_TRUE(create_master_keys(path(), entropy_));
  ASSERT_TRUE(change_master_keys(path(), entropy_, [&](const MasterKeys& keys) {
    const auto meanwhile = change_master_keys(
        path(), entropy_, [](const MasterKeys& same) -> Result<MasterKeys> { return same; });
    EXPECT_EQ(reason_of(meanwhile), "seal.key.busy");
    return keys.with(MasterKey::generate(entropy_));
  }));
}

TEST_F(MasterKeyFile, IsRefusedWhenAnyByteOfItIsChanged) {
  ASSERT_TRUE(create_master_keys(path(), entropy_));
  ASSERT_TRUE(change_master_keys(path(), entropy_,
                                 [&](const auto& keys) { return keys.with(MasterKey::generate(entropy_)); }));
  const auto whole = content();
  ASSERT_EQ(whole.size(), 148U);
  for (std::size_t i = 0; i < whole.size(); ++i) {
    for (const unsigned bit : {0U, 2U, 5U, 7U}) {
      auto text = whole;
      text[i] = static_cast<char>(text[i] ^ (1U << bit));
      // A letter of the other case is the same digit.
      if (i % 74 < 64 && std::tolower(text[i]) == whole[i]) continue;
      EXPECT_EQ(reason_of(load_master_keys(write(text))), "seal.key.invalid") << i << " " << text[i];
    }
    // Without its last line feed it is whole; cut after a key that has none of its id, too.
    const bool whole_key = i % 74 == 64 || i % 74 == 73 || (i % 74 == 0 && i > 0);
    if (!whole_key)
      EXPECT_EQ(reason_of(load_master_keys(write(whole.substr(0, i)))), "seal.key.invalid") << i;
  }
}

}  // namespace
}  // namespace allauth::crypto
