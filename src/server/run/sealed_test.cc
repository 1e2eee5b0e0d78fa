#include "server/run/sealed.h"

#include <filesystem>

#include <gtest/gtest.h>

#include "base/log.h"
#include "base/metrics.h"
#include "crypto/master_key_file.h"
#include "model/access.h"
#include "server/run/keys.h"
#include "store/rows.h"

namespace allauth::server {
namespace {

constexpr int kClientKeys = 450;  // more than go into one write
constexpr int kMadeAtStart = 3;   // digest key, token key, signing key

class SealedValues : public ::testing::Test {
 protected:
  SealedValues() {
    std::string pattern = (std::filesystem::temp_directory_path() / "allauth-XXXXXX").string();
    folder = ::mkdtemp(pattern.data());
  }
  void SetUp() override {
    store = store::Store::open({.clock = clock,
                                .entropy = entropy,
                                .log = log,
                                .metrics = metrics,
                                .location = folder + "/test.db"})
                .value();
    ASSERT_TRUE(open_keys(file(), *store, entropy));
    const auto keys = crypto::load_master_keys(file()).value();
    old_id = keys.current().id();
    ASSERT_TRUE(write([&](store::Tx& tx) -> Result<void> {
      for (int i = 0; i < kClientKeys; ++i) {
        auto row = client_key(i);
        row.sealed.bytes = crypto::seal(keys, crypto::SealPlace{"credentials", row.id.str(), "sealed"},
                                        Secret(fmt::format("secret {}", i)), entropy);
        TRY(store::insert(tx, row));
      }
      auto unsealed = client_key(kClientKeys);
      return store::insert(tx, unsealed);
    }));
  }
  ~SealedValues() override {
    store.reset();
    std::filesystem::remove_all(folder);
  }

  static Credential client_key(int number) {
    return {.id = CredentialId::trusted(fmt::format("key{:04}", number)),
            .owner_kind = "client",
            .owner_id = "c",
            .type = CredentialType::client_key,
            .scheme = "given"};
  }
  Result<void> write(std::function<Result<void>(store::Tx&)> body) {
    TRY(store->write<store::Done>({.recheck = {}, .run = [body](store::Tx& tx) -> Result<store::Done> {
                                     tx.act({.slug = "test.done"});
                                     TRY(body(tx));
                                     return store::Done{};
                                   }}));
    return {};
  }
  std::string file() const { return folder + "/master.key"; }
  crypto::MasterKeys add_and_use() {
    return crypto::change_master_keys(file(), entropy,
                                      [this](const crypto::MasterKeys& keys) -> Result<crypto::MasterKeys> {
                                        auto key = crypto::MasterKey::generate(entropy);
                                        TRY(auto both, keys.with(key));
                                        return both.with_current(key.id());
                                      })
        .value();
  }
  SealedCounts counts() {
    return store->read([](store::Read& read) { return count_sealed(read); }).value();
  }
  std::size_t under(const crypto::MasterKey::Id& id) { return counts()[id]; }

  SystemClock clock;
  SystemEntropy entropy;
  Log log{clock, LogLevel::error, LogFormat::human};
  Metrics metrics;
  std::string folder;
  std::unique_ptr<store::Store> store;
  crypto::MasterKey::Id old_id{};
};

TEST_F(SealedValues, AreCountedByKey) {
  EXPECT_EQ(counts(), (SealedCounts{{old_id, kClientKeys + kMadeAtStart}}));
}

TEST_F(SealedValues, AreSealedAgainUnderTheCurrentKey) {
  const auto keys = add_and_use();
  std::vector<std::size_t> seen;
  const auto done = reseal(*store, keys, entropy, [&seen](std::size_t n) { seen.push_back(n); });
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_EQ(*done, std::size_t{kClientKeys + kMadeAtStart});
  EXPECT_EQ(under(old_id), 0U);
  EXPECT_EQ(under(keys.current().id()), std::size_t{kClientKeys + kMadeAtStart});
  EXPECT_GT(seen.size(), 3U) << "in several writes";
  EXPECT_EQ(reseal(*store, keys, entropy, [](std::size_t) {}).value(), 0U);

  const auto only = keys.without(old_id).value();
  ASSERT_TRUE(store->read([&](store::Read& read) -> Result<void> {
    TRY(const auto row, store::find<Credential>(read, client_key(7).id));
    const auto secret = crypto::open(only, credential_place(row->id.str()), row->sealed.bytes);
    EXPECT_EQ(secret.value().with([](std::string_view text) { return std::string(text); }), "secret 7");
    return {};
  }));
}

TEST_F(SealedValues, WereAllInTheLogWhenSealedAgain) {
  const auto before = store->read([](store::Read& read) { return store::read_head(read); })->newest;
  ASSERT_TRUE(reseal(*store, add_and_use(), entropy, [](std::size_t) {}));
  std::size_t images = 0;
  std::size_t from = to_number(before.revision);
  for (const auto& entry : store->read_log(before, 100).value()) {
    EXPECT_EQ(entry.act.slug, "keys.resealed");
    EXPECT_EQ(to_number(entry.revision), ++from);
    images += entry.images.size();
  }
  EXPECT_EQ(images, std::size_t{kClientKeys + kMadeAtStart});
}

TEST_F(SealedValues, StayAsTheyAreWhenOneDoesNotOpen) {
  ASSERT_TRUE(write([](store::Tx& tx) -> Result<void> {
    TRY(auto row, store::find<Credential>(tx, client_key(3).id));
    row->sealed.bytes.back() ^= 1;
    return store::update(tx, *row);
  }));
  const auto refused = reseal(*store, add_and_use(), entropy, [](std::size_t) {});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().reason, Reason("seal.broken"));
  EXPECT_NE(refused.error().message.find("key0003"), std::string::npos) << refused.error().message;
  EXPECT_GT(under(old_id), 0U);
}

TEST_F(SealedValues, AreErasedWhenTheirKeyIsAbandoned) {
  const auto keys = add_and_use();
  auto kept = client_key(kClientKeys + 1);
  kept.sealed.bytes = crypto::seal(keys, credential_place(kept.id.str()), Secret("kept"), entropy);
  ASSERT_TRUE(write([&kept](store::Tx& tx) { return store::insert(tx, kept); }));
  std::vector<std::size_t> seen;
  const auto done = abandon(*store, old_id, [&seen](std::size_t n) { seen.push_back(n); });
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_EQ(*done, std::size_t{kClientKeys + kMadeAtStart});
  EXPECT_GT(seen.size(), 3U) << "in several writes";
  EXPECT_EQ(counts(), (SealedCounts{{keys.current().id(), 1}}));
  EXPECT_EQ(abandon(*store, old_id, [](std::size_t) {}).value(), 0U);
  ASSERT_TRUE(store->read([&](store::Read& read) -> Result<void> {
    TRY(const auto unsealed, store::find<Credential>(read, client_key(kClientKeys).id));
    EXPECT_TRUE(unsealed) << "what was not sealed is not lost";
    return {};
  }));
  const auto only = crypto::change_master_keys(
      file(), entropy, [this](const crypto::MasterKeys& all) { return all.without(old_id); });
  ASSERT_TRUE(only);
  EXPECT_TRUE(open_keys(file(), *store, entropy)) << "which makes new ones";
}

TEST_F(SealedValues, AreRefusedWhenTheirKeyIsNotInTheFile) {
  const auto keys = add_and_use();
  const auto only = keys.without(old_id).value();
  const auto refused = reseal(*store, only, entropy, [](std::size_t) {});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().reason, Reason("seal.key.unknown"));
  EXPECT_NE(refused.error().message.find(crypto::to_string(old_id)), std::string::npos);
}

}  // namespace
}  // namespace allauth::server
