#include "crypto/jwt.h"

#include "codec/base64.h"
#include "crypto/hash.h"
#include "crypto/suites_for_tests.h"

namespace allauth::crypto {
namespace {

namespace json = boost::json;

const Instant kNow = from_millis(1'700'000'000'000);
constexpr std::int64_t kNowSeconds = 1'700'000'000;
const Expectation kExpected{.issuer = "https://id.example", .audience = "api", .typ = "at+jwt"};

const SigningKey& signing_key() {
  static const SigningKey key = SigningKey::generate().value();
  return key;
}

KeySet trusted() { return KeySet::make({signing_key().public_key()}).value(); }

json::object valid_header() { return {{"alg", "ES256"}, {"typ", "at+jwt"}, {"kid", signing_key().kid()}}; }

json::object valid_payload() {
  return {{"iss", "https://id.example"}, {"sub", "u1"}, {"aud", "api"}, {"exp", kNowSeconds + 600},
          {"iat", kNowSeconds},          {"jti", "t1"}, {"sid", "s1"}};
}

// A token signed with the trusted key, whatever it says.
std::string craft(std::string_view header, std::string_view payload) {
  const std::string input = jose::signing_input(header, payload);
  return jose::encode_jws(input, signing_key().sign(input).value());
}
std::string craft(const json::object& header, const json::object& payload) {
  return craft(json::serialize(header), json::serialize(payload));
}

Result<VerifiedJwt> check(std::string_view token, Instant now = kNow,
                          const Expectation& expected = kExpected) {
  TRY(const auto jws, jose::UnverifiedJws::parse(token));
  return verify(jws, trusted(), expected, now);
}

// "accepted", or why not, followed by the field if there is one.
std::string verdict(std::string_view token, Instant now = kNow, const Expectation& expected = kExpected) {
  const auto jwt = check(token, now, expected);
  if (jwt) return "accepted";
  EXPECT_EQ(jwt.error().code, Code::unauthenticated);
  const std::string reason(jwt.error().reason.slug());
  return jwt.error().field.empty() ? reason : reason + ' ' + jwt.error().field;
}

json::object with(json::object object, std::string_view name, json::value value) {
  object[name] = std::move(value);
  return object;
}

Claims some_claims() {
  return {.issuer = "https://id.example",
          .subject = "u1",
          .audience = {"api", "other"},
          .expires = kNow + Seconds(600),
          .issued = kNow,
          .not_before = kNow - Seconds(5),
          .id = "t1",
          .extra = {{"sid", "s1"}, {"note", "\"quoted\" \n é"}}};
}

TEST(Jwt, SaysWhatWasMinted) {
  const auto token = mint(signing_key(), some_claims(), "at+jwt");
  ASSERT_TRUE(token);
  const auto jwt = check(*token);
  ASSERT_TRUE(jwt);
  const Claims& claims = jwt->claims();
  EXPECT_EQ(claims.issuer, "https://id.example");
  EXPECT_EQ(claims.subject, "u1");
  EXPECT_EQ(claims.audience, (std::vector<std::string>{"api", "other"}));
  EXPECT_EQ(claims.expires, kNow + Seconds(600));
  EXPECT_EQ(claims.issued, kNow);
  EXPECT_EQ(claims.not_before, kNow - Seconds(5));
  EXPECT_EQ(claims.id, "t1");
  EXPECT_EQ(*jwt->extra("sid"), "s1");
  EXPECT_EQ(*jwt->extra("note"), "\"quoted\" \n é");
  EXPECT_EQ(jwt->extra("sub"), nullptr);
  EXPECT_EQ(jwt->extra("absent"), nullptr);
  EXPECT_EQ(jwt->kid(), signing_key().kid());
}

TEST(Jwt, IsNotMintedFromClaimsThatWouldBeRefused) {
  const auto refused = [](auto change) {
    Claims claims = some_claims();
    change(claims);
    const auto token = mint(signing_key(), claims, "at+jwt");
    return !token && token.error().reason == Reason("token.claims");
  };
  EXPECT_FALSE(refused([](Claims&) {}));
  EXPECT_TRUE(refused([](Claims& c) { c.issuer.clear(); }));
  EXPECT_TRUE(refused([](Claims& c) { c.subject.clear(); }));
  EXPECT_TRUE(refused([](Claims& c) { c.audience.clear(); }));
  EXPECT_TRUE(refused([](Claims& c) { c.audience = {"api", ""}; }));
  EXPECT_TRUE(refused([](Claims& c) { c.id.clear(); }));
  EXPECT_TRUE(refused([](Claims& c) { c.expires = from_millis(-1); }));
  EXPECT_TRUE(refused([](Claims& c) { c.extra.emplace_back("sid", "again"); }));
  EXPECT_TRUE(refused([](Claims& c) { c.extra.emplace_back("sub", "u2"); }));
  EXPECT_TRUE(refused([](Claims& c) { c.extra.emplace_back("nbf", "text"); }));
  EXPECT_TRUE(refused([](Claims& c) { c.extra.emplace_back("big", std::string(8'000, 'x')); }));
  EXPECT_FALSE(mint(signing_key(), some_claims(), ""));
}

TEST(Jwt, NeedsEveryMandatoryClaim) {
  EXPECT_EQ(verdict(craft(valid_header(), valid_payload())), "accepted");
  for (const std::string_view name : {"iss", "sub", "aud", "exp", "iat", "jti"}) {
    json::object payload = valid_payload();
    ASSERT_EQ(payload.erase(name), 1U);
    EXPECT_EQ(verdict(craft(valid_header(), payload)), fmt::format("token.claim.missing {}", name));
  }
}

TEST(Jwt, NeedsEveryHeaderMember) {
  const std::pair<std::string_view, std::string_view> rows[] = {
      {"alg", "token.malformed"}, {"typ", "token.typ"}, {"kid", "token.kid.missing"}};
  for (const auto& [name, reason] : rows) {
    json::object header = valid_header();
    ASSERT_EQ(header.erase(name), 1U);
    EXPECT_EQ(verdict(craft(header, valid_payload())), reason);
  }
}

TEST(Jwt, RefusesClaimsOfAWrongType) {
  const json::value odd[] = {
      nullptr, true, "", json::array{}, json::object{}, json::array{1}, json::object{{"a", 1}}};
  for (const std::string_view name : {"iss", "sub", "aud", "exp", "iat", "jti", "nbf"}) {
    for (const auto& value : odd)
      EXPECT_EQ(verdict(craft(valid_header(), with(valid_payload(), name, value))),
                fmt::format("token.claim.invalid {}", name))
          << value;
  }
  for (const std::string_view name : {"iss", "sub", "aud", "jti"})
    EXPECT_EQ(verdict(craft(valid_header(), with(valid_payload(), name, 7))),
              fmt::format("token.claim.invalid {}", name));
  for (const std::string_view name : {"exp", "iat", "nbf"}) {
    const json::value wrong[] = {"1700000600",          -1,  -1e300, 1e300, 253'402'300'800,
                                 18446744073709551615U, 1e18};
    for (const json::value& value : wrong)
      EXPECT_EQ(verdict(craft(valid_header(), with(valid_payload(), name, value))),
                fmt::format("token.claim.invalid {}", name))
          << value;
  }
  for (const std::string_view value : {R"(["api",""])", R"(["api",1])", R"([["api"]])", R"({"api":"api"})"})
    EXPECT_EQ(verdict(craft(valid_header(),
                            with(valid_payload(), "aud", json::parse({value.data(), value.size()})))),
              "token.claim.invalid aud")
        << value;
}

TEST(Jwt, ComparesIssuerAudienceAndTypeExactly) {
  const auto payload = [](std::string_view name, json::value value) {
    return verdict(craft(valid_header(), with(valid_payload(), name, std::move(value))));
  };
  EXPECT_EQ(payload("iss", "https://id.example/"), "token.issuer iss");
  EXPECT_EQ(payload("iss", "https://ID.example"), "token.issuer iss");
  EXPECT_EQ(payload("aud", "API"), "token.audience aud");
  EXPECT_EQ(payload("aud", "ap"), "token.audience aud");
  EXPECT_EQ(payload("aud", json::array{"a", "b"}), "token.audience aud");
  EXPECT_EQ(payload("aud", json::array{"a", "api"}), "accepted");
  const auto typ = [](json::value value) {
    return verdict(craft(with(valid_header(), "typ", std::move(value)), valid_payload()));
  };
  for (const std::string_view good : {"at+jwt", "AT+JWT", "application/at+jwt", "Application/At+Jwt"})
    EXPECT_EQ(typ(json::string(good)), "accepted") << good;
  for (const std::string_view bad :
       {"", "JWT", "at+jwt ", "text/at+jwt", "rt+jwt", "application/application/at+jwt"})
    EXPECT_EQ(typ(json::string(bad)), "token.typ") << bad;
}

TEST(Jwt, IsValidInItsTimeOnly) {
  struct Row {
    std::string_view name;
    json::value value;
    std::string_view outcome;
  };
  const Row rows[] = {
      {"exp", kNowSeconds - 29, "accepted"},
      {"exp", kNowSeconds - 30, "token.expired exp"},
      {"exp", kNowSeconds - 29.5, "accepted"},
      {"exp", 0, "token.expired exp"},
      {"exp", 253'402'300'799, "accepted"},
      {"exp", 2e9, "accepted"},
      {"nbf", kNowSeconds + 30, "accepted"},
      {"nbf", kNowSeconds + 31, "token.not_yet nbf"},
      {"nbf", kNowSeconds + 30.5, "token.not_yet nbf"},
      {"nbf", 0, "accepted"},
      {"iat", kNowSeconds + 30, "accepted"},
      {"iat", kNowSeconds + 31, "token.not_yet iat"},
      {"iat", 0, "accepted"},
  };
  for (const Row& row : rows)
    EXPECT_EQ(verdict(craft(valid_header(), with(valid_payload(), row.name, row.value))), row.outcome)
        << row.name << ' ' << row.value;
}

TEST(Jwt, ClampsTheLeeway) {
  const std::string token = craft(valid_header(), valid_payload());
  const auto at = [&](Seconds after_expiry, Seconds leeway) {
    Expectation expected = kExpected;
    expected.leeway = leeway;
    return verdict(token, kNow + Seconds(600) + after_expiry, expected);
  };
  EXPECT_EQ(at(Seconds(-1), Seconds(0)), "accepted");
  EXPECT_EQ(at(Seconds(0), Seconds(0)), "token.expired exp");
  EXPECT_EQ(at(Seconds(59), Seconds(60)), "accepted");
  EXPECT_EQ(at(Seconds(60), Seconds(60)), "token.expired exp");
  EXPECT_EQ(at(Seconds(60), Seconds(100'000)), "token.expired exp");
  EXPECT_EQ(at(Seconds(-1), Seconds(-100'000)), "accepted");
}

TEST(Jwt, PinsTheAlgorithmToTheKey) {
  const std::string payload = json::serialize(valid_payload());
  for (const std::string_view alg : {"none", "None", "NONE", "", "HS256", "HS384", "HS512", "RS256", "PS256",
                                     "ES384", "ES512", "ES256K", "es256", "EdDSA", "ES256 "}) {
    const std::string header = json::serialize(with(valid_header(), "alg", json::string(alg)));
    const std::string input = jose::signing_input(header, payload);
    EXPECT_EQ(verdict(craft(header, payload)), "token.alg") << alg;
    EXPECT_EQ(verdict(jose::encode_jws(input, "")), "token.alg") << alg;
    // The published key used as a shared secret (CVE-2015-9235 and its kin).
    const Digest mac = hmac_sha256(signing_key().public_key().jwk(), input);
    EXPECT_EQ(verdict(jose::encode_jws(input, codec::as_text(mac))), "token.alg") << alg;
  }
  const std::string input = jose::signing_input(json::serialize(valid_header()), payload);
  const Digest mac = hmac_sha256(signing_key().public_key().jwk(), input);
  EXPECT_EQ(verdict(jose::encode_jws(input, codec::as_text(mac))), "token.signature");
  EXPECT_EQ(verdict(jose::encode_jws(input, "")), "token.signature");
}

TEST(Jwt, IsVerifiedWithEveryAlgorithmByItsOwnKeyOnly) {
  std::vector<VerifyKey> open;
  std::vector<std::pair<std::string, std::string>> tokens;  // kid, token
  for (const auto algorithm : {Algorithm::es256, Algorithm::eddsa, Algorithm::rs256}) {
    const auto key = SigningKey::generate(algorithm).value();
    open.push_back(key.public_key());
    tokens.emplace_back(key.kid(), mint(key, some_claims(), "at+jwt").value());
  }
  std::vector<SharedKey> shared;
  for (const auto algorithm : {Algorithm::hs256, Algorithm::hs384, Algorithm::hs512}) {
    const std::string kid(jose_name(algorithm));
    shared.push_back(SharedKey::make(algorithm, Secret(kid + std::string(64, 's')), kid).value());
    tokens.emplace_back(kid, mint(shared.back(), some_claims(), "at+jwt").value());
  }
  const auto keys = KeySet::make(open, shared).value();
  const auto outcome = [&](const jose::UnverifiedJws& jws) {
    const auto jwt = verify(jws, keys, kExpected, kNow);
    return jwt ? Reason("accepted") : jwt.error().reason;
  };
  for (const auto& [kid, token] : tokens) {
    const auto jws = jose::UnverifiedJws::parse(token).value();
    EXPECT_EQ(outcome(jws), Reason("accepted")) << kid;
    // Each algorithm against each key: the names must agree, whatever the signature is.
    for (const auto& [other, other_token] : tokens) {
      if (other == kid) continue;
      const auto alg = jose::UnverifiedJws::parse(other_token)->alg();
      const auto input =
          jose::signing_input(json::serialize(json::object{{"alg", alg}, {"typ", "at+jwt"}, {"kid", kid}}),
                              json::serialize(valid_payload()));
      EXPECT_EQ(outcome(*jose::UnverifiedJws::parse(jose::encode_jws(input, jws.signature()))),
                Reason("token.alg"))
          << kid << ' ' << alg;
    }
  }
}

TEST(Jwt, IsNotTakenForOneOfAnotherIssuersSharedKey) {
  const Secret secret(std::string(64, 's'));
  const auto key = SharedKey::make(Algorithm::hs512, secret, "k").value();
  const auto token = mint(key, some_claims(), "at+jwt").value();
  EXPECT_EQ(verdict(token), "token.kid.unknown");
}

TEST(Jwt, TrustsOnlyKnownKeyIds) {
  const SigningKey stranger = SigningKey::generate().value();
  EXPECT_EQ(verdict(mint(stranger, some_claims(), "at+jwt").value()), "token.kid.unknown");
  for (const std::string& kid :
       {std::string(), std::string("unknown"), std::string("../../../../dev/null"), std::string("/dev/zero"),
        std::string("' OR 1=1 --"), std::string("https://evil.example/key"),
        signing_key().kid() + std::string(1, '\0'), signing_key().kid().substr(1), std::string(4'000, 'k')})
    EXPECT_EQ(verdict(craft(with(valid_header(), "kid", json::string(kid)), valid_payload())),
              "token.kid.unknown");
  EXPECT_EQ(
      verdict(craft(with(valid_header(), "kid", json::string(std::string(65'536, 'k'))), valid_payload())),
      "token.too_large");
  // A known key id with another key's signature, and with that key brought along.
  json::object header = with(valid_header(), "jwk", json::parse(stranger.public_key().jwk()));
  const std::string input = jose::signing_input(json::serialize(header), json::serialize(valid_payload()));
  EXPECT_EQ(verdict(jose::encode_jws(input, stranger.sign(input).value())), "token.signature");
}

TEST(Jwt, RefusesAnyChangedCharacter) {
  const std::string token = craft(valid_header(), valid_payload());
  for (std::size_t i = 0; i < token.size(); i += 3) {
    std::string changed = token;
    changed[i] = changed[i] == 'B' ? 'C' : 'B';
    EXPECT_NE(verdict(changed), "accepted") << i;
  }
}

TEST(Jwt, RefusesPayloadsThatAreNotOnePlainObject) {
  const std::string header = json::serialize(valid_header());
  const std::string valid = json::serialize(valid_payload());
  for (const std::string& payload :
       {std::string(), std::string("[]"), std::string("null"), valid + valid, valid + 'x',
        R"({"sub":"admin",)" + valid.substr(1), R"({"a":{"x":1,"x":1},)" + valid.substr(1),
        R"({"deep":)" + std::string(2'000, '[') + std::string(2'000, ']') + ',' + valid.substr(1),
        "{\"a\":\"\xFF\"," + valid.substr(1)})
    EXPECT_EQ(verdict(craft(header, payload)), "token.malformed") << payload;
  EXPECT_EQ(verdict(std::string(1'000'000, 'e')), "token.too_large");
  EXPECT_EQ(verdict(craft(header, std::string(10'000, '['))), "token.too_large");
}

}  // namespace
}  // namespace allauth::crypto
