#include "crypto/key.h"

#include <thread>

#include "codec/base64.h"
#include "crypto/key_set.h"
#include "crypto/suites_for_tests.h"

namespace allauth::crypto {
namespace {

// RFC 7517 appendix A.1 with the use changed to signatures.
constexpr std::string_view kX = "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4";
constexpr std::string_view kY = "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM";

std::string jwk(std::string_view more = "", std::string_view x = kX, std::string_view y = kY) {
  return fmt::format(R"({{"kty":"EC","crv":"P-256","x":"{}","y":"{}"{}}})", x, y, more);
}

TEST(SigningKey, SignsWhatItsPublicKeyVerifies) {
  const auto key = SigningKey::generate().value();
  const auto signature = key.sign("message").value();
  EXPECT_TRUE(key.public_key().verify("message", codec::as_text(signature)));
  EXPECT_FALSE(key.public_key().verify("massage", codec::as_text(signature)));
  EXPECT_FALSE(SigningKey::generate()->public_key().verify("message", codec::as_text(signature)));
  EXPECT_NE(key.sign("message").value(), signature) << "each signature has its own nonce";
}

TEST(SigningKey, SurvivesPemAndJwk) {
  const auto key = SigningKey::generate().value();
  const Secret pem = key.to_pem();
  EXPECT_TRUE(
      pem.with([](std::string_view text) { return text.starts_with("-----BEGIN PRIVATE KEY-----\n"); }));
  const auto again = SigningKey::from_pem(pem);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->kid(), key.kid());
  const auto signature = again->sign("m").value();
  const auto public_key = VerifyKey::from_jwk(key.public_key().jwk());
  ASSERT_TRUE(public_key);
  EXPECT_TRUE(public_key->verify("m", codec::as_text(signature)));
  EXPECT_EQ(public_key->kid(), key.kid());
  EXPECT_EQ(public_key->jwk(), key.public_key().jwk());
}

TEST(SigningKey, RefusesPemThatIsNotAPlainP256Key) {
  // Made with openssl genpkey: Ed25519, P-384 and an encrypted P-256 key.
  constexpr std::string_view ed25519 =
      "-----BEGIN PRIVATE KEY-----\n"
      "MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n"
      "-----END PRIVATE KEY-----\n";
  constexpr std::string_view p384 =
      "-----BEGIN PRIVATE KEY-----\n"
      "MIG2AgEAMBAGByqGSM49AgEGBSuBBAAiBIGeMIGbAgEBBDCPSJp3zgqHeKOCMTO9\n"
      "0yjRdQi021QKQswjrO91OKExZGPCTOxrIAK5PMEybZQJAOKhZANiAAR+9LfwL/bG\n"
      "b6dEMoX9vqHsfhMq1TI+fCdmQ7Yi+xKP1M5uf42a674/HJrZoe47ct7CY7HdBo+6\n"
      "Ib2L9kuTOk7NSIaQ/ZIA3wZyxCewTNtX0+e3186tltFMYNGY6S+aJYM=\n"
      "-----END PRIVATE KEY-----\n";
  constexpr std::string_view encrypted =
      "-----BEGIN ENCRYPTED PRIVATE KEY-----\n"
      "MIHsMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAju0R9b0HJBYQICCAAw\n"
      "DAYIKoZIhvcNAgkFADAdBglghkgBZQMEAQIEEKvsVWfgoBtszUjmSAsUAMwEgZCr\n"
      "sVdyn8wMpnAnjoj7pHZ3O5RCmlw9P8rnHTNZ/4tuFc3S5bRzrXTJZXNwM/lYFST2\n"
      "RJGtbUBgopdb0ZfkB4hpxQFsb+lWEE5XDdSkyhGYRUAo6TyPIuKBw3RuGrf1uIZl\n"
      "co7cXzBLyKoEI0Y1i738N5H+ddnIw/7nqTqD/ZhmzeoztV0g2yOmdMQsyfP/bz4=\n"
      "-----END ENCRYPTED PRIVATE KEY-----\n";
  const std::string public_pem = "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n";
  for (const std::string& text : {std::string(), std::string("x"), std::string(ed25519), public_pem,
                                  std::string(p384), std::string(encrypted), std::string(100'000, 'x')}) {
    const auto key = SigningKey::from_pem(Secret(text));
    ASSERT_FALSE(key) << text;
    EXPECT_EQ(key.error().reason, Reason("key.invalid"));
  }
}

TEST(SigningKey, WorksFromManyThreadsAtOnce) {
  const auto key = SigningKey::generate().value();
  std::atomic<int> good = 0;
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t)
      threads.emplace_back([&, t] {
        for (int i = 0; i < 20; ++i) {
          const std::string message = fmt::format("{} {}", t, i);
          const auto signature = key.sign(message);
          if (signature && key.public_key().verify(message, codec::as_text(*signature))) ++good;
        }
      });
  }
  EXPECT_EQ(good, 80);
}

TEST(VerifyKey, TakesOnlyJwksThatMayVerifyEs256) {
  struct Row {
    std::string json;
    bool ok;
  };
  const std::string zero = std::string(43, 'A');
  const std::string huge_x = codec::base64url_encode(std::string(32, '\xFF'));
  const std::string long_x = codec::base64url_encode(std::string(1, '\0') + *codec::base64url_decode(kX));
  for (const Row& row : {
           Row{jwk(), true},
           Row{jwk(R"(,"use":"sig","alg":"ES256","kid":"k1","key_ops":["verify"],"x5t":"x")"), true},
           Row{jwk(R"(,"key_ops":["sign","verify"])"), true},
           Row{jwk(R"(,"use":"enc")"), false},
           Row{jwk(R"(,"use":1)"), false},
           Row{jwk(R"(,"alg":"ES384")"), false},
           Row{jwk(R"(,"alg":"none")"), false},
           Row{jwk(R"(,"key_ops":["sign"])"), false},
           Row{jwk(R"(,"key_ops":"verify")"), false},
           Row{jwk(R"(,"key_ops":[])"), false},
           Row{jwk(R"(,"kid":1)"), false},
           Row{jwk(R"(,"kid":"a","kid":"b")"), false},
           Row{jwk(R"(,"d":"870MB6gfuTJ4HtUnUvYMyJpr5eUZNP4Bk43bVdj3eAE")"), false},
           Row{jwk("", kX, kX), false},
           Row{jwk("", zero, zero), false},
           Row{jwk("", huge_x, kY), false},
           Row{jwk("", long_x, kY), false},
           Row{jwk("", std::string(kX) + "=", kY), false},
           Row{jwk("", "", ""), false},
           Row{R"({"kty":"EC","crv":"P-256","x":"AA"})", false},
           Row{R"({"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"})", false},
           Row{R"({"kty":"oct","k":"AAAA"})", false},
           Row{"[]", false},
           Row{"", false},
       })
    EXPECT_EQ(VerifyKey::from_jwk(row.json).has_value(), row.ok) << row.json;
  EXPECT_EQ(VerifyKey::from_jwk(jwk(R"(,"kid":"k1")"))->kid(), "k1");
  EXPECT_EQ(VerifyKey::from_jwk(jwk())->kid(), VerifyKey::from_jwk(jwk())->thumbprint());
}

TEST(VerifyKey, WantsSixtyFourRawBytes) {
  const auto key = SigningKey::generate().value();
  const auto raw = key.sign("m").value();
  const std::string signature(codec::as_text(raw));
  for (const std::string& wrong :
       {std::string(), signature.substr(0, 63), signature + '\0', '\0' + signature, signature + signature,
        std::string(64, '\0'), std::string(64, '\xFF'), signature.substr(32) + signature.substr(0, 32)})
    EXPECT_FALSE(key.public_key().verify("m", wrong)) << wrong.size();
}

TEST(VerifyKey, AgreesWithWycheproof) {
  LOAD_SUITE_OR_SKIP(suite, "jose/wycheproof/ecdsa_secp256r1_sha256_p1363_test.json");
  std::int64_t checked = 0;
  for (const auto& group : suite.at("testGroups").as_array()) {
    const auto from_pem = VerifyKey::from_pem(text_at(group, "publicKeyPem"));
    ASSERT_TRUE(from_pem) << text_at(group, "publicKeyPem");
    auto keys = std::vector{*from_pem};
    if (group.as_object().contains("publicKeyJwk"))
      keys.push_back(VerifyKey::from_jwk(boost::json::serialize(group.at("publicKeyJwk"))).value());
    for (const auto& test : group.at("tests").as_array()) {
      for (const auto& key : keys)
        EXPECT_EQ(
            key.verify(*codec::hex_decode(text_at(test, "msg")), *codec::hex_decode(text_at(test, "sig"))),
            text_at(test, "result") == "valid")
            << test.at("tcId");
      ++checked;
    }
  }
  EXPECT_EQ(checked, suite.at("numberOfTests").as_int64());
}

TEST(VerifyKey, HasTheThumbprintsOfTheRfcs) {
  LOAD_SUITE_OR_SKIP(suite, "rfc-vectors/jwk_thumbprint.json");
  std::size_t checked = 0;
  for (const auto& test : suite.at("cases").as_array()) {
    const auto& members = test.at("jwk").as_object();
    const auto key = VerifyKey::from_jwk(boost::json::serialize(members));
    const bool ours = members.contains("crv") && text_at(members, "crv") == "P-256";
    ASSERT_EQ(key.has_value(), ours) << test.at("id");
    if (!ours) continue;
    EXPECT_EQ(key->thumbprint(), text_at(test, "thumbprint")) << test.at("id");
    ++checked;
  }
  EXPECT_GE(checked, 3U);
}

TEST(KeySet, FindsByIdAndRefusesTwins) {
  const auto a = SigningKey::generate()->public_key();
  const auto b = SigningKey::generate()->public_key();
  const auto set = KeySet::make({a, b}).value();
  ASSERT_NE(set.find(b.kid()), nullptr);
  EXPECT_EQ(set.find(b.kid())->thumbprint(), b.thumbprint());
  EXPECT_EQ(set.find(""), nullptr);
  EXPECT_EQ(KeySet().find(a.kid()), nullptr);
  EXPECT_EQ(KeySet::make({a, b, a}).error().reason, Reason("keys.duplicate"));
}

TEST(KeySet, IsPublishedAsJwks) {
  EXPECT_EQ(jwks_json(KeySet()), R"({"keys":[]})");
  const auto a = VerifyKey::from_jwk(jwk(R"(,"kid":"a\"b")")).value();
  const auto b = VerifyKey::from_jwk(jwk(R"(,"kid":"b")")).value();
  EXPECT_EQ(jwks_json(KeySet::make({a, b}).value()), R"({"keys":[)" + a.jwk() + ',' + b.jwk() + "]}");
  const auto json = boost::json::parse(jwks_json(KeySet::make({a, b}).value()));
  EXPECT_EQ(text_at(json.at("keys").at(0), "kid"), "a\"b");
  EXPECT_EQ(text_at(json.at("keys").at(1), "x"), kX);
  EXPECT_EQ(text_at(json.at("keys").at(1), "alg"), "ES256");
}

}  // namespace
}  // namespace allauth::crypto
