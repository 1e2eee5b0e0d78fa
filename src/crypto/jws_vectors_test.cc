// Published JWS and JWK cases through our parser and keys: ES256 in full, HS256 with our HMAC (to test
// the parser; verify() itself takes ES256 only), the others as far as the parser goes.
#include <map>

#include "codec/base64.h"
#include "codec/jose/jws.h"
#include "crypto/hash.h"
#include "crypto/key.h"
#include "crypto/key_set.h"
#include "crypto/suites_for_tests.h"

namespace allauth::crypto {
namespace {

namespace json = boost::json;

// Cases of json_web_signature_test.json that we judge otherwise, and why.
const std::map<std::int64_t, std::string_view> kJustified = {
    {367, "named for its padding, but the text has none: canonical base64url and the right MAC"},
    {370, "the same text as 367"},
    {372, "valid there, but '?' is no base64url character (RFC 7515 section 2 with RFC 4648 section 3.3)"},
};

enum class Outcome { valid, invalid, other_algorithm };

json::array keys_of(const json::value& group) {
  const auto& object = group.as_object();
  const json::value& key = object.contains("public") ? object.at("public") : object.at("private");
  return key.as_object().contains("keys") ? key.at("keys").as_array() : json::array{key};
}

Outcome judge_hs256(const jose::UnverifiedJws& jws, const json::object& key) {
  const auto secret = codec::base64url_decode(text_at(key, "k"));
  const Digest mac = hmac_sha256(*secret, jws.signing_input());
  const bool same_kid = !key.contains("kid") || jws.kid() == text_at(key, "kid");
  return same_kid && equal_ct(jws.signature(), codec::as_text(mac)) ? Outcome::valid : Outcome::invalid;
}

Outcome judge_es256(const jose::UnverifiedJws& jws, const json::array& jwks) {
  std::vector<VerifyKey> keys;
  for (const auto& jwk : jwks) {
    if (auto key = VerifyKey::from_jwk(json::serialize(jwk))) keys.push_back(std::move(*key));
  }
  const auto set = KeySet::make(std::move(keys));
  if (!set || !jws.kid()) return Outcome::invalid;
  const VerifyKey* key = set->find(*jws.kid());
  return key != nullptr && key->verify(jws.signing_input(), jws.signature()) ? Outcome::valid
                                                                             : Outcome::invalid;
}

Outcome judge(std::string_view text, const json::array& keys) {
  const auto jws = jose::UnverifiedJws::parse(text);
  if (!jws) return Outcome::invalid;
  if (jws->alg() == "ES256") return judge_es256(*jws, keys);
  const auto& first = keys.front().as_object();
  const bool hs256 = first.contains("alg") && text_at(first, "alg") == "HS256" && keys.size() == 1;
  if (hs256 && jws->alg() == "HS256") return judge_hs256(*jws, first);
  return Outcome::other_algorithm;
}

struct Tally {
  std::size_t judged = 0, parsed_only = 0;
};

Tally run(const json::value& suite, const std::map<std::int64_t, std::string_view>& justified) {
  Tally tally;
  for (const auto& group : suite.at("testGroups").as_array()) {
    const auto keys = keys_of(group);
    for (const auto& test : group.at("tests").as_array()) {
      const Outcome outcome = judge(text_at(test, "jws"), keys);
      const bool valid = text_at(test, "result") == "valid";
      const auto id = test.at("tcId").as_int64();
      if (outcome == Outcome::other_algorithm) {
        ++tally.parsed_only;
        continue;
      }
      ++tally.judged;
      EXPECT_EQ(outcome == Outcome::valid, valid != justified.contains(id))
          << id << ' ' << test.at("comment");
    }
  }
  return tally;
}

TEST(JwsVectors, AgreeWithWycheproofOnSignatures) {
  LOAD_SUITE_OR_SKIP(suite, "jose/wycheproof/json_web_signature_test.json");
  const Tally tally = run(suite, kJustified);
  EXPECT_GT(tally.judged, 50U);
  EXPECT_EQ(static_cast<std::int64_t>(tally.judged + tally.parsed_only),
            suite.at("numberOfTests").as_int64());
}

TEST(JwsVectors, AgreeWithWycheproofOnKeys) {
  LOAD_SUITE_OR_SKIP(suite, "jose/wycheproof/json_web_key_test.json");
  EXPECT_GT(run(suite, {}).judged, 4U);
}

TEST(JwsVectors, ParseLikeTheRfcs) {
  LOAD_SUITE_OR_SKIP(suite, "rfc-vectors/jws_rfc.json");
  std::size_t checked = 0;
  for (const auto& test : suite.at("cases").as_array()) {
    const auto jws = jose::UnverifiedJws::parse(text_at(test, "jws"));
    ASSERT_TRUE(jws) << test.at("id");
    EXPECT_EQ(jws->alg(), text_at(test, "alg"));
    if (jws->alg() == "HS256")
      EXPECT_EQ(judge_hs256(*jws, test.at("jwk").as_object()), Outcome::valid) << test.at("id");
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
