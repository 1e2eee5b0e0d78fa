#include "store/state.h"

#include <algorithm>

#include "store/testing/contract.h"

namespace allauth::store::testing {
namespace {

class State : public StoreTest {
 protected:
  std::vector<Image> read(Audience audience) {
    std::vector<Image> images;
    const auto done = store_->read([&](Read& read) {
      return read_state(read, audience, [&images](Image image) -> Result<void> {
        images.push_back(std::move(image));
        return {};
      });
    });
    EXPECT_TRUE(done) << (done ? "" : done.error().detail);
    return images;
  }
  std::vector<Image> logged() {
    std::vector<Image> images;
    for (auto& entry : whole_log()) images.insert(images.end(), entry.images.begin(), entry.images.end());
    return images;
  }
};

TEST_P(State, OfEveryTypeOfRowIsWhatTheLogHolds) {
  for (const bool large : {false, true})
    for_each_row_type([&]<class T>(T) {
      ASSERT_TRUE(write([&](Tx& tx) {
        auto row = sample<T>(large);
        return insert(tx, row);
      })) << T::kTable;
    });
  auto state = read(Audience::node), log = logged();
  ASSERT_EQ(state.size(), 2 * std::tuple_size_v<AllRows>);
  const auto order = [](const Image& a, const Image& b) {
    return std::tie(a.kind, a.key) < std::tie(b.kind, b.key);
  };
  EXPECT_TRUE(std::ranges::is_sorted(state, {}, [](const Image& image) {
    int at = 0, found = -1;
    for_each_row_type([&]<class T>(T) {
      if (image.kind == T::kKind) found = at;
      ++at;
    });
    return found;
  })) << "owners come before what belongs to them";
  std::ranges::sort(state, order);
  std::ranges::sort(log, order);
  EXPECT_EQ(state, log);
}

TEST_P(State, ForEverybodyHoldsNoSecrets) {
  ASSERT_TRUE(write([](Tx& tx) -> Result<void> {
    auto user = make_user("u1");
    TRY(insert(tx, user));
    Credential password{
        .id = CredentialId::trusted("p"), .owner_kind = "user", .owner_id = "u1", .verifier = "x"};
    TRY(insert(tx, password));
    Credential key{.id = CredentialId::trusted("k"), .owner_kind = "client", .owner_id = "c1"};
    key.type = CredentialType::client_key;
    TRY(insert(tx, key));
    StoredKey signing{.kid = "1", .issuer = "native"};
    TRY(insert(tx, signing));
    Setting setting{.name = "digest_key", .value = {"sealed"}};
    return insert(tx, setting);
  }));
  std::vector<std::string> keys;
  for (const auto& image : read(Audience::all)) keys.push_back(image.key);
  EXPECT_EQ(keys, (std::vector<std::string>{"u1", "k"}));
  EXPECT_EQ(read(Audience::node).size(), 5U);
}

TEST_P(State, IsReadInPages) {
  constexpr int kMany = 1300;
  ASSERT_TRUE(write([](Tx& tx) -> Result<void> {
    for (int i = 0; i < kMany; ++i) {
      auto user = make_user(fmt::format("u{:05}", i));
      TRY(insert(tx, user));
    }
    return {};
  }));
  const auto images = read(Audience::all);
  ASSERT_EQ(images.size(), kMany);
  EXPECT_TRUE(std::ranges::is_sorted(images, {}, &Image::key));
}

TEST_P(State, EndsWhereTheReaderWantsNoMore) {
  ASSERT_TRUE(write([](Tx& tx) -> Result<void> {
    for (const char* id : {"u1", "u2"}) {
      auto user = make_user(id);
      TRY(insert(tx, user));
    }
    return {};
  }));
  int taken = 0;
  const auto done = store_->read([&](Read& read) {
    return read_state(read, Audience::all, [&taken](const Image&) -> Result<void> {
      ++taken;
      return fail(Code::exhausted, "test.enough", "Enough.");
    });
  });
  EXPECT_EQ(done.error().reason, Reason("test.enough"));
  EXPECT_EQ(taken, 1);
}

INSTANTIATE_TEST_SUITE_P(Engines, State, ::testing::ValuesIn(engines()),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace allauth::store::testing
