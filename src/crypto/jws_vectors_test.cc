// Published JWS and JWK cases through our parser and keys: all of ES256, EdDSA, RS256 and HS256 to HS512; of
// the algorithms that we do not know, that they are refused.
#include <map>

#include "codec/base64.h"
#include "codec/jose/jws.h"
#include "crypto/key_set.h"
#include "crypto/suites_for_tests.h"

namespace allauth::crypto {
namespace {

namespace json = boost::json;

// Cases that we judge otherwise, and why.
using Justified = std::map<std::int64_t, std::string_view>;
const Justified kSignatures = {
    {367, "named for its padding, but the text has none: canonical base64url and the right MAC"},
    {370, "the same text as 367"},
    {372, "valid there, but '?' is no base64url character (RFC 7515 section 2 with RFC 4648 section 3.3)"},
};
const Justified kKeys = {
    {1, "a set with shared and public keys: harmless where each key knows its own algorithm"},
    {4, "the second of the twins is no base64url (bits after the last byte), which leaves one"},
};
const Justified kCrypto = {
    {47, "a set with shared and public keys, as in the other file"},
    {46, "a key of a generator that was broken (ROCA): the signature is right"},
};

json::array keys_of(const json::value& group) {
  const auto& object = group.as_object();
  const json::value& key = object.contains("public") ? object.at("public") : object.at("private");
  return key.as_object().contains("keys") ? key.at("keys").as_array() : json::array{key};
}

std::optional<SharedKey> shared_key(const json::object& jwk) {
  const auto* name = jwk.if_contains("alg");
  const auto algorithm = name == nullptr ? std::nullopt : find_algorithm(name->as_string());
  const auto secret = codec::base64url_decode(jwk.contains("k") ? text_at(jwk, "k") : "");
  if (!algorithm || !secret) return std::nullopt;
  auto key = SharedKey::make(*algorithm, Secret(*secret), text_at(jwk, "kid"));
  return key ? std::optional(std::move(*key)) : std::nullopt;
}

Result<KeySet> key_set(const json::array& jwks) {
  std::vector<VerifyKey> keys;
  std::vector<SharedKey> shared;
  for (auto jwk : jwks) {
    if (!jwk.as_object().contains("kid")) jwk.as_object()["kid"] = "none";
    if (auto key = VerifyKey::from_jwk(json::serialize(jwk))) keys.push_back(std::move(*key));
    if (auto key = shared_key(jwk.as_object())) shared.push_back(std::move(*key));
  }
  return KeySet::make(std::move(keys), std::move(shared));
}

bool is_valid(std::string_view text, const json::array& jwks) {
  const auto jws = jose::UnverifiedJws::parse(text);
  const auto keys = key_set(jwks);
  if (!jws || !keys) return false;
  const auto algorithm = find_algorithm(jws->alg());
  const auto fits = [&](const auto* key) {
    return key != nullptr && algorithm == key->algorithm() &&
           key->verify(jws->signing_input(), jws->signature());
  };
  const std::string kid = jws->kid().value_or("none");
  return fits(keys->find(kid)) || fits(keys->find_shared(kid));
}

// Whether we know the algorithm that all keys of a group are for.
bool is_ours(const json::array& jwks) {
  return std::ranges::all_of(jwks, [](const json::value& jwk) {
    const auto* alg = jwk.as_object().if_contains("alg");
    return alg == nullptr || find_algorithm(alg->as_string()).has_value();
  });
}

// How many cases were judged as published.
std::int64_t run(const json::value& suite, const Justified& justified) {
  std::int64_t judged = 0;
  for (const auto& group : suite.at("testGroups").as_array()) {
    const auto keys = keys_of(group);
    for (const auto& test : group.at("tests").as_array()) {
      const auto* jws = test.as_object().if_contains("jws");
      if (jws == nullptr || !jws->is_string()) continue;  // encrypted, or not the compact form
      const bool valid = text_at(test, "result") == "valid" && is_ours(keys);
      const auto id = test.at("tcId").as_int64();
      EXPECT_EQ(is_valid(text_at(test, "jws"), keys), valid != justified.contains(id))
          << id << ' ' << test.at("comment") << ' ' << text_at(test, "jws").substr(0, 60);
      ++judged;
    }
  }
  return judged;
}

TEST(JwsVectors, AgreeWithWycheproofOnSignatures) {
  LOAD_SUITE_OR_SKIP(suite, "jose/wycheproof/json_web_signature_test.json");
  EXPECT_EQ(run(suite, kSignatures), suite.at("numberOfTests").as_int64());
}

TEST(JwsVectors, AgreeWithWycheproofOnKeys) {
  LOAD_SUITE_OR_SKIP(suite, "jose/wycheproof/json_web_key_test.json");
  EXPECT_EQ(run(suite, kKeys), suite.at("numberOfTests").as_int64());
}

TEST(JwsVectors, AgreeWithWycheproofOnBoth) {
  LOAD_SUITE_OR_SKIP(suite, "jose/wycheproof/json_web_crypto_test.json");
  EXPECT_EQ(run(suite, kCrypto), 28);
}

// RFC 7520 and RFC 8037: compact serialisations with their keys.
TEST(JwsVectors, AgreeWithTheCookbook) {
  for (const auto& [file, valid] : {std::pair{"jws/4_1.rsa_v15_signature.json", true},
                                    {"jws/4_3.ecdsa_signature.json", false},  // ES512
                                    {"jws/4_4.hmac-sha2_integrity_protection.json", true},
                                    {"curve25519/jws.json", true}}) {
    LOAD_SUITE_OR_SKIP(example, std::string("jose/cookbook/") + file);
    json::object jwk = example.at("input").at("key").as_object();
    if (text_at(jwk, "kty") != "oct")
      for (const char* name : {"d", "p", "q", "dp", "dq", "qi"}) jwk.erase(name);
    EXPECT_EQ(is_valid(text_at(example.at("output"), "compact"), {jwk}), valid) << file;
  }
}

TEST(JwsVectors, ParseLikeTheRfcs) {
  LOAD_SUITE_OR_SKIP(suite, "rfc-vectors/jws_rfc.json");
  std::size_t checked = 0;
  for (const auto& test : suite.at("cases").as_array()) {
    const auto jws = jose::UnverifiedJws::parse(text_at(test, "jws"));
    ASSERT_TRUE(jws) << test.at("id");
    EXPECT_EQ(jws->alg(), text_at(test, "alg"));
    if (jws->alg() == "HS256") {
      json::object jwk = test.at("jwk").as_object();
      jwk["alg"] = "HS256";
      EXPECT_TRUE(is_valid(jws->compact(), {jwk})) << test.at("id");
    }
    ++checked;
  }
  EXPECT_EQ(checked, 3U);
}

TEST(JwsVectors, VerifyTheExampleOfRfc7515A3) {
  const auto key = VerifyKey::from_jwk(
      R"({"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"})");
  ASSERT_TRUE(key);
  const auto jws = jose::UnverifiedJws::parse(
      "eyJhbGciOiJFUzI1NiJ9."
      "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ."
      "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q");
  ASSERT_TRUE(jws);
  EXPECT_TRUE(key->verify(jws->signing_input(), jws->signature()));
}

}  // namespace
}  // namespace allauth::crypto
