#include "crypto/seal.h"

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "codec/base64.h"

namespace allauth::crypto {
namespace {

constexpr SealPlace kPlace{.table = "credential", .row = "c1", .column = "value"};

MasterKey key_of(char fill) { return MasterKey::parse(Secret(std::string(32, fill))).value(); }

std::string text_of(const Secret& secret) {
  return secret.with([](std::string_view text) { return std::string(text); });
}

TEST(Seal, OpensAtItsPlaceUnderItsKey) {
  CountingEntropy entropy;
  for (const std::string& text : {std::string(), std::string("s3cr3t"), std::string(10'000, '\0')}) {
    const std::string sealed = seal(key_of('k'), kPlace, Secret(text), entropy);
    EXPECT_EQ(sealed.size(), text.size() + kSealOverhead);
    EXPECT_EQ(text_of(open(key_of('k'), kPlace, sealed).value()), text);
  }
}

TEST(Seal, UsesAFreshNonce) {
  CountingEntropy entropy;
  EXPECT_NE(seal(key_of('k'), kPlace, Secret("s"), entropy), seal(key_of('k'), kPlace, Secret("s"), entropy));
}

TEST(Seal, BreaksWhenAnyByteIsChangedOrCut) {
  CountingEntropy entropy;
  const MasterKey key = key_of('k');
  const std::string sealed = seal(key, kPlace, Secret("s3cr3t"), entropy);
  for (std::size_t i = 0; i < sealed.size(); ++i) {
    for (const unsigned bit : {0U, 7U}) {
      std::string changed = sealed;
      changed[i] = static_cast<char>(changed[i] ^ (1U << bit));
      const auto opened = open(key, kPlace, changed);
      ASSERT_FALSE(opened) << i;
      EXPECT_EQ(opened.error().reason, Reason("seal.broken"));
    }
    EXPECT_FALSE(open(key, kPlace, std::string_view(sealed).substr(0, i))) << i;
  }
  EXPECT_FALSE(open(key, kPlace, sealed + "x"));
}

TEST(Seal, BreaksWhenMovedToAnotherPlaceOrKey) {
  CountingEntropy entropy;
  const std::string sealed = seal(key_of('k'), kPlace, Secret("s3cr3t"), entropy);
  for (const SealPlace& place :
       {SealPlace{"credentials", "c1", "value"}, SealPlace{"credential", "c2", "value"},
        SealPlace{"credential", "c1", "values"}, SealPlace{"credentialc", "1", "value"},
        SealPlace{"credential", "c1v", "alue"}, SealPlace{"", "", ""}})
    EXPECT_EQ(open(key_of('k'), place, sealed).error().reason, Reason("seal.broken"))
        << place.table << place.row;
  EXPECT_EQ(open(key_of('x'), kPlace, sealed).error().reason, Reason("seal.broken"));
}

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
  static std::string_view reason_of(const Result<MasterKey>& key) {
    return key ? "loaded" : key.error().reason.slug();
  }

  std::filesystem::path folder_;
};

TEST_F(MasterKeyFile, IsCreatedForItsOwnerOnlyAndLoadsAgain) {
  CountingEntropy entropy;
  const auto created = MasterKey::create(path(), entropy);
  ASSERT_TRUE(created);
  struct stat info{};
  ASSERT_EQ(::stat(path().c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, 0600U);
  EXPECT_EQ(info.st_size, 65);
  const auto loaded = MasterKey::load(path());
  ASSERT_TRUE(loaded);
  EXPECT_EQ(loaded->id(), created->id());
  EXPECT_TRUE(std::equal(loaded->bytes(), loaded->bytes() + MasterKey::kSize, created->bytes()));
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder_), {}), 1) << "nothing is left behind";
}

TEST_F(MasterKeyFile, IsNeverOverwritten) {
  SystemEntropy entropy;
  const auto first = MasterKey::create(path(), entropy);
  ASSERT_TRUE(first);
  EXPECT_EQ(reason_of(MasterKey::create(path(), entropy)), "seal.key.exists");
  EXPECT_EQ(MasterKey::load(path())->id(), first->id());
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder_), {}), 1);
  EXPECT_EQ(reason_of(MasterKey::create(path("no/such/folder"), entropy)), "seal.key.unwritable");
}

TEST_F(MasterKeyFile, IsRefusedWhenOthersMayTouchIt) {
  for (const mode_t mode : {0640U, 0604U, 0620U, 0602U, 0666U, 0610U})
    EXPECT_EQ(reason_of(MasterKey::load(write(std::string(32, 'k'), mode))), "seal.key.permissions") << mode;
  for (const mode_t mode : {0600U, 0400U})
    EXPECT_EQ(reason_of(MasterKey::load(write(std::string(32, 'k'), mode))), "loaded") << mode;
}

TEST_F(MasterKeyFile, HoldsThirtyTwoBytesRawOrHex) {
  const std::string raw(32, '\xAB');
  const auto id = MasterKey::load(write(raw)).value().id();
  EXPECT_EQ(MasterKey::load(write(codec::hex_encode(raw))).value().id(), id);
  EXPECT_EQ(MasterKey::load(write(codec::hex_encode(raw) + "\n")).value().id(), id);
  for (const std::string& text :
       {std::string(), std::string(31, 'k'), std::string(33, 'k'), std::string(64, 'k'),
        std::string(64, 'a') + "\n\n", std::string(65, 'a'), std::string(66, 'a'), std::string(100'000, 'a')})
    EXPECT_EQ(reason_of(MasterKey::load(write(text))), "seal.key.invalid") << text.size();
  EXPECT_EQ(reason_of(MasterKey::load(path("absent"))), "seal.key.missing");
  EXPECT_EQ(reason_of(MasterKey::load(folder_)), "seal.key.invalid");
  const std::string pipe = path("pipe");
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  EXPECT_EQ(reason_of(MasterKey::load(pipe)), "seal.key.invalid");
}

}  // namespace
}  // namespace allauth::crypto
