#include "crypto/seal.h"

#include <gtest/gtest.h>

namespace allauth::crypto {
namespace {

constexpr SealPlace kPlace{.table = "credential", .row = "c1", .column = "value"};

MasterKey one(char fill) { return MasterKey::parse(Secret(std::string(32, fill))).value(); }
MasterKeys key_of(char fill) { return MasterKeys(one(fill)); }

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
  const MasterKeys key = key_of('k');
  const std::string sealed = seal(key, kPlace, Secret("s3cr3t"), entropy);
  for (std::size_t i = 0; i < sealed.size(); ++i) {
    for (const unsigned bit : {0U, 7U}) {
      std::string changed = sealed;
      changed[i] = static_cast<char>(changed[i] ^ (1U << bit));
      const auto opened = open(key, kPlace, changed);
      ASSERT_FALSE(opened) << i;
      const bool names_the_key = i >= 1 && i < 1 + sizeof(MasterKey::Id);
      EXPECT_EQ(opened.error().reason, names_the_key ? Reason("seal.key.unknown") : Reason("seal.broken"));
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
}

TEST(Seal, NamesTheKeyThatItMisses) {
  CountingEntropy entropy;
  const std::string sealed = seal(key_of('k'), kPlace, Secret("s3cr3t"), entropy);
  const auto opened = open(key_of('x'), kPlace, sealed);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().reason, Reason("seal.key.unknown"));
  EXPECT_NE(opened.error().message.find(to_string(one('k').id())), std::string::npos);
  EXPECT_EQ(sealed_under(sealed), one('k').id());
  EXPECT_FALSE(sealed_under(""));
}

TEST(Seal, OpensUnderEveryKeyAndSealsUnderTheCurrentOne) {
  CountingEntropy entropy;
  const std::string sealed = seal(key_of('k'), kPlace, Secret("s3cr3t"), entropy);
  const auto both = key_of('k').with(one('n')).value();
  EXPECT_EQ(sealed_under(seal(both, kPlace, Secret("s"), entropy)), one('k').id());
  const auto turned = both.with_current(one('n').id()).value();
  EXPECT_EQ(text_of(open(turned, kPlace, sealed).value()), "s3cr3t");
  const std::string again = seal(turned, kPlace, Secret("s3cr3t"), entropy);
  EXPECT_EQ(sealed_under(again), one('n').id());
  const auto last = turned.without(one('k').id()).value();
  EXPECT_TRUE(open(last, kPlace, again));
  EXPECT_EQ(open(last, kPlace, sealed).error().reason, Reason("seal.key.unknown"));
}

}  // namespace
}  // namespace allauth::crypto
