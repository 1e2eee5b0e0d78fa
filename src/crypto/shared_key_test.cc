#include "crypto/shared_key.h"

#include "codec/base64.h"
#include "crypto/suites_for_tests.h"

namespace allauth::crypto {
namespace {

Secret secret_of(std::size_t size) { return Secret(std::string(size, 's')); }

TEST(SharedKey, VerifiesWhatItSigned) {
  for (const auto [algorithm, size] :
       {std::pair{Algorithm::hs256, 32U}, {Algorithm::hs384, 48U}, {Algorithm::hs512, 64U}}) {
    const auto key = SharedKey::make(algorithm, secret_of(size), "k").value();
    const auto mac = key.sign("message").value();
    EXPECT_EQ(mac.size(), size);
    EXPECT_TRUE(key.verify("message", mac));
    EXPECT_FALSE(key.verify("massage", mac));
    EXPECT_FALSE(key.verify("message", mac.substr(1)));
    EXPECT_FALSE(key.verify("message", ""));
    EXPECT_FALSE(SharedKey::make(algorithm, secret_of(size + 1), "k")->verify("message", mac));
  }
}

TEST(SharedKey, IsAtLeastAsLongAsItsHash) {
  const auto reason = [](Algorithm algorithm, std::size_t size, std::string kid = "k") {
    const auto key = SharedKey::make(algorithm, secret_of(size), std::move(kid));
    return key ? Reason("made") : key.error().reason;
  };
  EXPECT_EQ(reason(Algorithm::hs256, 32), Reason("made"));
  EXPECT_EQ(reason(Algorithm::hs256, 31), Reason("key.secret_size"));
  EXPECT_EQ(reason(Algorithm::hs384, 47), Reason("key.secret_size"));
  EXPECT_EQ(reason(Algorithm::hs512, 63), Reason("key.secret_size"));
  EXPECT_EQ(reason(Algorithm::hs512, 0), Reason("key.secret_size"));
  EXPECT_EQ(reason(Algorithm::hs512, kMaxSharedSecretBytes), Reason("made"));
  EXPECT_EQ(reason(Algorithm::hs512, kMaxSharedSecretBytes + 1), Reason("key.secret_size"));
  EXPECT_EQ(reason(Algorithm::hs256, 32, ""), Reason("key.id"));
  for (const auto algorithm : {Algorithm::es256, Algorithm::eddsa, Algorithm::rs256})
    EXPECT_EQ(reason(algorithm, 64), Reason("key.algorithm"));
}

void agrees_with(const std::string& file, Algorithm algorithm) {
  LOAD_SUITE_OR_SKIP(suite, file);
  std::size_t checked = 0;
  for (const auto& group : suite.at("testGroups").as_array()) {
    const bool whole = group.at("tagSize").as_int64() == (algorithm == Algorithm::hs256 ? 256 : 512);
    for (const auto& test : group.at("tests").as_array()) {
      const auto key = SharedKey::make(algorithm, Secret(*codec::hex_decode(text_at(test, "key"))), "k");
      if (!key) continue;  // shorter than RFC 7518 wants
      EXPECT_EQ(
          key->verify(*codec::hex_decode(text_at(test, "msg")), *codec::hex_decode(text_at(test, "tag"))),
          whole && text_at(test, "result") == "valid")
          << test.at("tcId");
      ++checked;
    }
  }
  EXPECT_GT(checked, 50U);
}

TEST(SharedKey, AgreesWithWycheproofOnHs256) {
  agrees_with("jose/wycheproof/hmac_sha256_test.json", Algorithm::hs256);
}
TEST(SharedKey, AgreesWithWycheproofOnHs512) {
  agrees_with("jose/wycheproof/hmac_sha512_test.json", Algorithm::hs512);
}

}  // namespace
}  // namespace allauth::crypto
