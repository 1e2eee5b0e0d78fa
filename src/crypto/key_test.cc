#include "crypto/key.h"

#include <thread>

#include "codec/base64.h"
#include "crypto/key_set.h"
#include "crypto/suites_for_tests.h"

namespace allauth::crypto {
namespace {

constexpr std::array kSigning = {Algorithm::es256, Algorithm::eddsa, Algorithm::rs256};

// RFC 7517 appendix A.1 with the use changed to signatures.
constexpr std::string_view kX = "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4";
constexpr std::string_view kY = "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM";

std::string jwk(std::string_view more = "", std::string_view x = kX, std::string_view y = kY) {
  return fmt::format(R"({{"kty":"EC","crv":"P-256","x":"{}","y":"{}"{}}})", x, y, more);
}

TEST(SigningKey, SignsWhatItsPublicKeyVerifies) {
  for (const auto algorithm : kSigning) {
    const auto key = SigningKey::generate(algorithm).value();
    EXPECT_EQ(key.algorithm(), algorithm);
    const auto signature = key.sign("message").value();
    EXPECT_TRUE(key.public_key().verify("message", signature));
    EXPECT_FALSE(key.public_key().verify("massage", signature));
    EXPECT_FALSE(SigningKey::generate(algorithm)->public_key().verify("message", signature));
  }
  const auto key = SigningKey::generate().value();
  EXPECT_NE(key.sign("message").value(), key.sign("message").value()) << "each signature has its own nonce";
}

TEST(SigningKey, IsNeverAShared) {
  for (const auto algorithm : {Algorithm::hs256, Algorithm::hs384, Algorithm::hs512})
    EXPECT_EQ(SigningKey::generate(algorithm).error().reason, Reason("key.algorithm"));
}

TEST(SigningKey, SurvivesPemAndJwk) {
  for (const auto algorithm : kSigning) {
    const auto key = SigningKey::generate(algorithm).value();
    const Secret pem = key.to_pem();
    EXPECT_TRUE(
        pem.with([](std::string_view text) { return text.starts_with("-----BEGIN PRIVATE KEY-----\n"); }));
    const auto again = SigningKey::from_pem(pem);
    ASSERT_TRUE(again);
    EXPECT_EQ(again->kid(), key.kid());
    EXPECT_EQ(again->algorithm(), algorithm);
    const auto signature = again->sign("m").value();
    const auto public_key = VerifyKey::from_jwk(key.public_key().jwk());
    ASSERT_TRUE(public_key) << key.public_key().jwk();
    EXPECT_TRUE(public_key->verify("m", signature));
    EXPECT_EQ(public_key->kid(), key.kid());
    EXPECT_EQ(public_key->thumbprint(), key.kid());
    EXPECT_EQ(public_key->algorithm(), algorithm);
    EXPECT_EQ(public_key->jwk(), key.public_key().jwk());
  }
}

TEST(SigningKey, RefusesPemThatIsNotAPlainKeyOfAKnownKind) {
  // Made with openssl genpkey: P-384, X25519, RSA of 1024 bits and an encrypted P-256 key.
  constexpr std::string_view x25519 =
      "-----BEGIN PRIVATE KEY-----\n"
      "MC4CAQAwBQYDK2VuBCIEIHgYUZqzKyQW1JjqFC+nJeHXW4TQmy7ulmdVPSd2xw5k\n"
      "-----END PRIVATE KEY-----\n";
  constexpr std::string_view rsa1024 =
      "-----BEGIN PRIVATE KEY-----\n"
      "MIICdgIBADANBgkqhkiG9w0BAQEFAASCAmAwggJcAgEAAoGBAOWXjYjU0Z80ZdxQ\n"
      "mnepXyc1c/zH7VufDknxcGMyY9fPtEycAnA/0FAP1o04Cpxnf8V9syJSMz4Kw4Wo\n"
      "HKvIVX7jg2qWHrYech69p88gV9JCd53YYOKk2uJ0ZI0W+rl/pVqGjXFhtsafDpDZ\n"
      "yq9Edfmyr01fhO0vwHfrOY9WdUxJAgMBAAECgYEAtNAXQiTA9c3RTqIYFJdJ/doF\n"
      "/5UAZICuQyOnLCg6I3NLfm37KaXIC9V9VfhFuwlzwfgNxMDR5FGbzD4qXktGsErZ\n"
      "qs8iJXdKhAe3kRHv9eVskJAwesJzS8hVenUCtzDRDPJ1wHhUM0zWo/eUe4StO1E3\n"
      "CqYrn6dhCN6MTiVoAAECQQD2Zbq0ndXo7jFPKvQ4QFyeWcr6Qi2mwv2j/ZLnM5a0\n"
      "z48d7UiVjNal2Ls7bSnMkM4fkYF1DWOUwV40c1wbYqABAkEA7ooopIuceSZdlfOP\n"
      "BCj6ouiv+GroV/uj+pm+a9jzgY9b4Xovnz9uTeM2PjvHLrY2yXidWbaVt729zWz2\n"
      "I9WsSQJAOaDRai0AOtp67ek99WoYP3EA6EdSJg61BAXqteh69w8UigtVTqUCDwgB\n"
      "woRlolK74uZFQPtAryoKvnm8sSsAAQJAZgeyWq9cvnUqknkbMyxUCFp+6kLQHtID\n"
      "0azxRjAF9+TZ6BfbRsJa6/XDvdrT16cYyBRPOZBfebgu9y8kGS/MAQJATlZd86Mu\n"
      "9CSo9ATe2Igth2l7g/xqNZ92v3rRGT777DfXmveTL3vXxDTFQFrRomUWCCCFyJDf\n"
      "pzVGLGBSdeSwKQ==\n"
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
  for (const std::string& text :
       {std::string(), std::string("x"), std::string(x25519), std::string(rsa1024), public_pem,
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
          if (signature && key.public_key().verify(message, *signature)) ++good;
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
           Row{R"({"kty":"OKP","crv":"P-256"})", false},
           Row{R"({"kty":"oct","k":"AAAA"})", false},
           Row{"[]", false},
           Row{"", false},
       })
    EXPECT_EQ(VerifyKey::from_jwk(row.json).has_value(), row.ok) << row.json;
  EXPECT_EQ(VerifyKey::from_jwk(jwk(R"(,"kid":"k1")"))->kid(), "k1");
  EXPECT_EQ(VerifyKey::from_jwk(jwk())->kid(), VerifyKey::from_jwk(jwk())->thumbprint());
}

std::string okp(std::string_view x, std::string_view more = "") {
  return fmt::format(R"({{"kty":"OKP","crv":"Ed25519","x":"{}"{}}})", x, more);
}

TEST(VerifyKey, TakesOnlyJwksThatMayVerifyEdDsa) {
  const std::string x = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";  // RFC 8037 appendix A.2
  const auto of = [](std::string bytes) {
    bytes.resize(32, '\0');
    return codec::base64url_encode(bytes);
  };
  EXPECT_TRUE(VerifyKey::from_jwk(okp(x)));
  EXPECT_TRUE(VerifyKey::from_jwk(okp(x, R"(,"use":"sig","alg":"EdDSA")")));
  EXPECT_EQ(VerifyKey::from_jwk(okp(x))->algorithm(), Algorithm::eddsa);
  for (const std::string& json :
       {okp(x, R"(,"alg":"ES256")"), okp(x, R"(,"use":"enc")"), okp(x + "A"), okp(x.substr(1)), okp(""),
        okp(x, R"(,"d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A")"),
        okp(of("\x01")),                                                 // the neutral element
        okp(of("")),                                                     // of order four
        okp(of("\x02")),                                                 // no point
        okp(codec::base64url_encode(std::string(31, '\xFF') + '\x7F')),  // not below the prime
        std::string(R"({"kty":"OKP","crv":"X25519","x":"3p7bfXt9wbTTW2HC7OQ1Nz-DQ8hbeGdNrfx-FG-IK08"})"),
        std::string(R"({"kty":"OKP","crv":"Ed25519"})")})
    EXPECT_FALSE(VerifyKey::from_jwk(json)) << json;
}

TEST(VerifyKey, TakesOnlyJwksThatMayVerifyRs256) {
  const auto made =
      boost::json::parse(SigningKey::generate(Algorithm::rs256)->public_key().jwk()).as_object();
  const auto n = *codec::base64url_decode(text_at(made, "n"));
  const auto with = [&](const std::string& modulus, std::string_view e, std::string_view more = "") {
    return fmt::format(R"({{"kty":"RSA","n":"{}","e":"{}"{}}})", codec::base64url_encode(modulus), e, more);
  };
  std::string even = n;
  even.back() = static_cast<char>(even.back() & ~1);
  EXPECT_TRUE(VerifyKey::from_jwk(with(n, "AQAB")));
  EXPECT_TRUE(VerifyKey::from_jwk(with(n, "AQAB", R"(,"alg":"RS256","key_ops":["verify"])")));
  EXPECT_TRUE(VerifyKey::from_jwk(with(n + n, "AQAB")));
  for (const std::string& json :
       {with(n, "AQAB", R"(,"alg":"RS512")"), with(n, "AQAB", R"(,"alg":"PS256")"), with(n, "AQ"),
        with(n, "Aw"), with(n, "AQAA"), with(n, "AAEAAQ"), with(n, "AQAAAAAAAAAB"), with(n, ""),
        with('\0' + n, "AQAB"), with(even, "AQAB"), with(n.substr(0, 255), "AQAB"),
        with(n + n + '\x01', "AQAB"), with("", "AQAB"), with(n, "AQAB", R"(,"d":"AQAB")"),
        std::string(R"({"kty":"RSA","e":"AQAB"})")})
    EXPECT_FALSE(VerifyKey::from_jwk(json)) << json;
}

TEST(VerifyKey, WantsSixtyFourRawBytes) {
  const auto key = SigningKey::generate().value();
  const std::string signature = key.sign("m").value();
  for (const std::string& wrong :
       {std::string(), signature.substr(0, 63), signature + '\0', '\0' + signature, signature + signature,
        std::string(64, '\0'), std::string(64, '\xFF'), signature.substr(32) + signature.substr(0, 32)})
    EXPECT_FALSE(key.public_key().verify("m", wrong)) << wrong.size();
}

// Every case of a Wycheproof file with public keys as PEM and, for some groups, as JWK.
void agrees_with(const std::string& file, std::string_view jwk_member, int refused_keys = 0) {
  LOAD_SUITE_OR_SKIP(suite, file);
  std::int64_t checked = 0;
  int refused = 0;
  for (const auto& group : suite.at("testGroups").as_array()) {
    const auto from_pem = VerifyKey::from_pem(text_at(group, "publicKeyPem"));
    checked += static_cast<std::int64_t>(group.at("tests").as_array().size());
    if (!from_pem) {
      ++refused;
      continue;
    }
    auto keys = std::vector{*from_pem};
    if (const auto* jwk = group.as_object().if_contains(jwk_member))
      keys.push_back(VerifyKey::from_jwk(boost::json::serialize(*jwk)).value());
    for (const auto& test : group.at("tests").as_array()) {
      for (const auto& key : keys)
        EXPECT_EQ(
            key.verify(*codec::hex_decode(text_at(test, "msg")), *codec::hex_decode(text_at(test, "sig"))),
            text_at(test, "result") == "valid")
            << test.at("tcId");
    }
  }
  EXPECT_EQ(checked, suite.at("numberOfTests").as_int64());
  EXPECT_EQ(refused, refused_keys);
}

TEST(VerifyKey, AgreesWithWycheproofOnEs256) {
  agrees_with("jose/wycheproof/ecdsa_secp256r1_sha256_p1363_test.json", "publicKeyJwk");
}
TEST(VerifyKey, AgreesWithWycheproofOnEd25519) {
  agrees_with("jose/wycheproof/ed25519_test.json", "publicKeyJwk");
}
TEST(VerifyKey, AgreesWithWycheproofOnRs256) {
  agrees_with("jose/wycheproof/rsa_signature_2048_sha256_test.json", "keyJwk", 1);  // exponent 3
}

TEST(VerifyKey, AgreesWithRfc8032) {
  LOAD_SUITE_OR_SKIP(suite, "rfc-vectors/ed25519.json");
  for (const auto& test : suite.at("cases").as_array()) {
    const auto x = codec::base64url_encode(*codec::hex_decode(text_at(test, "public_hex")));
    const auto key = VerifyKey::from_jwk(okp(x));
    const bool valid = key && key->verify(*codec::hex_decode(text_at(test, "message_hex")),
                                          *codec::hex_decode(text_at(test, "signature_hex")));
    EXPECT_EQ(valid, text_at(test, "expect") == "valid") << test.at("id");
  }
}

TEST(VerifyKey, HasTheThumbprintsOfTheRfcs) {
  LOAD_SUITE_OR_SKIP(suite, "rfc-vectors/jwk_thumbprint.json");
  std::size_t checked = 0;
  for (const auto& test : suite.at("cases").as_array()) {
    const auto& members = test.at("jwk").as_object();
    const auto key = VerifyKey::from_jwk(boost::json::serialize(members));
    const bool ours = members.contains("crv") && text_at(members, "crv") != "P-384";
    ASSERT_EQ(key.has_value(), ours) << test.at("id");
    if (!ours) continue;
    EXPECT_EQ(key->thumbprint(), text_at(test, "thumbprint")) << test.at("id");
    ++checked;
  }
  EXPECT_GE(checked, 4U);
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

TEST(KeySet, KeepsSharedKeysToItself) {
  const Secret secret(std::string(32, 's'));
  const auto shared = SharedKey::make(Algorithm::hs256, secret, "k").value();
  const auto open = VerifyKey::from_jwk(jwk(R"(,"kid":"a")")).value();
  const auto set = KeySet::make({open}, {shared}).value();
  EXPECT_NE(set.find_shared("k"), nullptr);
  EXPECT_EQ(set.find("k"), nullptr);
  EXPECT_EQ(jwks_json(set), R"({"keys":[)" + open.jwk() + "]}");
  const auto twin = SharedKey::make(Algorithm::hs512, Secret(std::string(64, 's')), "a").value();
  EXPECT_EQ(KeySet::make({open}, {twin}).error().reason, Reason("keys.duplicate"));
}

TEST(Jwks, AreReadKeyByKey) {
  const auto es256 = SigningKey::generate()->public_key();
  const auto eddsa = SigningKey::generate(Algorithm::eddsa)->public_key();
  const auto rs256 = SigningKey::generate(Algorithm::rs256)->public_key();
  const auto read =
      parse_jwks(R"({"issuer":"x","keys":[{"kty":"oct","k":"AAAA"},{"kty":"new"},{},1,)" + es256.jwk() + ',' +
                 eddsa.jwk() + R"(,{"kty":"EC","crv":"P-384","x":"AA","y":"AA"},)" + rs256.jwk() + "]}");
  ASSERT_TRUE(read) << read.error().message;
  ASSERT_EQ(read->size(), 3U);
  EXPECT_EQ(read->at(0).kid(), es256.kid());
  EXPECT_EQ(read->at(1).algorithm(), Algorithm::eddsa);
  EXPECT_EQ(read->at(2).jwk(), rs256.jwk());
}

TEST(Jwks, AreBounded) {
  const auto reason = [](const std::string& text) { return parse_jwks(text).error().reason; };
  for (const std::string& text :
       {std::string(), std::string("[]"), std::string("{}"), std::string(R"({"keys":{}})"),
        std::string(R"({"keys":[],"keys":[]})"),
        R"({"keys":[], "pad":")" + std::string(kMaxJwksBytes, 'x') + "\"}",
        R"({"keys":[)" + std::string(10'000, '[') + std::string(10'000, ']') + "]}"})
    EXPECT_EQ(reason(text), Reason("keys.malformed")) << text.substr(0, 40);
  std::string many = R"({"keys":[0)";
  for (std::size_t i = 0; i < kMaxJwksKeys; ++i) many += ",0";
  EXPECT_EQ(reason(many + "]}"), Reason("keys.many"));
  EXPECT_TRUE(parse_jwks(R"({"keys":[]})").value().empty());
}

}  // namespace
}  // namespace allauth::crypto
