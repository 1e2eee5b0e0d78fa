#include "codec/jose/jws.h"

#include <gtest/gtest.h>

#include "codec/base64.h"

namespace allauth::jose {
namespace {

std::string token(std::string_view header, std::string_view payload = "{}",
                  std::string_view signature = "sig") {
  return encode_jws(signing_input(header, payload), signature);
}

std::string_view reason_of(std::string_view compact) {
  const auto jws = UnverifiedJws::parse(compact);
  if (jws) return "accepted";
  EXPECT_EQ(jws.error().code, Code::unauthenticated);
  return jws.error().reason.slug();
}

TEST(UnverifiedJws, GivesTheHintsAndWhatIsSigned) {
  const std::string text = token(R"({"alg":"ES256","kid":"k1","typ":"at+jwt"})", "payload", "signature");
  const auto jws = UnverifiedJws::parse(text);
  ASSERT_TRUE(jws);
  EXPECT_EQ(jws->alg(), "ES256");
  EXPECT_EQ(jws->kid(), "k1");
  EXPECT_EQ(jws->typ(), "at+jwt");
  EXPECT_EQ(jws->signing_input(), text.substr(0, text.rfind('.')));
  EXPECT_EQ(jws->payload_to_verify(), "payload");
  EXPECT_EQ(jws->signature(), "signature");
  EXPECT_EQ(jws->compact(), text);
}

TEST(UnverifiedJws, PrintsWhatItParsed) {
  for (const std::string_view header : {R"({"alg":"none"})", R"( { "typ" : "x" , "alg" : "" } )"}) {
    for (const std::string_view bytes : {"", "a", "ab", "\x01\xFF{}"}) {
      const std::string text = token(header, bytes, bytes);
      const auto jws = UnverifiedJws::parse(text);
      ASSERT_TRUE(jws) << text;
      EXPECT_EQ(encode_jws(signing_input(header, jws->payload_to_verify()), jws->signature()), text);
      EXPECT_EQ(encode_jws(jws->signing_input(), jws->signature()), text);
    }
  }
}

TEST(UnverifiedJws, IgnoresKeysThatATokenBrings) {
  const auto jws = UnverifiedJws::parse(token(
      R"({"alg":"ES256","jku":"https://evil.example/","x5u":"file:///etc/passwd","jwk":{"kty":"oct","k":"AA"},"x5c":["AA=="]})"));
  ASSERT_TRUE(jws);
  EXPECT_FALSE(jws->kid());
  EXPECT_FALSE(jws->typ());
}

TEST(UnverifiedJws, RefusesAnythingButThreeCanonicalParts) {
  const std::string header = codec::base64url_encode(R"({"alg":"ES256"})");
  for (const std::string& text : {std::string(),
                                  std::string("."),
                                  std::string(".."),
                                  std::string("..."),
                                  header,
                                  header + ".e30",
                                  header + ".e30.c2ln.",
                                  header + ".e30.c2ln.c2ln",
                                  "." + header + ".e30",
                                  header + ".e30.c2ln=",
                                  header + "=.e30.c2ln",
                                  header + ".e30.c2l*",
                                  header + ".e30.c2l\n",
                                  " " + header + ".e30.c2ln",
                                  header + ".e31.c2ln",
                                  header + ".e30.c2lo ",
                                  header + ".e3.c2ln",
                                  "?" + header + ".e30.c2ln",
                                  std::string("e30.e30.c2ln"),
                                  std::string("bnVsbA.e30.c2ln"),
                                  header + ".e30.c"})
    EXPECT_EQ(reason_of(text), "token.malformed") << text;
}

TEST(UnverifiedJws, RefusesHeadersThatCouldBeReadInTwoWays) {
  for (const std::string_view header :
       {"", "[]", "null", R"({"alg":"none","alg":"ES256"})", R"({"alg":"ES256","kid":"a","kid":"b"})",
        R"({"alg":"ES256","kid":"a","\u006bid":"b"})", R"({"alg":"ES256","x":{"y":1,"y":2}})",
        R"({"alg":null})", R"({"alg":["ES256"]})", R"({"alg":256})", R"({"kid":"a"})",
        R"({"alg":"ES256","kid":7})", R"({"alg":"ES256","kid":null})", R"({"alg":"ES256","typ":{}})",
        "{\"alg\":\"ES256\",\"kid\":\"\xFF\"}"})
    EXPECT_EQ(reason_of(token(header)), "token.malformed") << header;
}

TEST(UnverifiedJws, RefusesCriticalExtensions) {
  for (const std::string_view header :
       {R"({"alg":"ES256","crit":["exp"],"exp":1})", R"({"alg":"ES256","crit":["b64"],"b64":false})",
        R"({"alg":"ES256","crit":[]})", R"({"alg":"ES256","crit":null})"})
    EXPECT_EQ(reason_of(token(header)), "token.crit") << header;
}

TEST(UnverifiedJws, BoundsSizeAndDepth) {
  const std::string stem = token(R"({"alg":"ES256"})", "", "");
  const std::string fits = stem + std::string((kMaxJwsSize - stem.size()) / 4 * 4, 'A');
  EXPECT_EQ(reason_of(fits), "accepted");
  EXPECT_EQ(reason_of(stem + std::string(kMaxJwsSize - stem.size() + 1, 'A')), "token.too_large");
  EXPECT_EQ(reason_of(std::string(1'000'000, 'A')), "token.too_large");
  const auto deep = [](std::size_t depth) {
    return token(R"({"alg":"ES256","x":)" + std::string(depth, '[') + std::string(depth, ']') + "}");
  };
  EXPECT_EQ(reason_of(deep(7)), "accepted");
  EXPECT_EQ(reason_of(deep(8)), "token.malformed");
  EXPECT_EQ(reason_of(deep(2'000)), "token.malformed");
  EXPECT_EQ(reason_of(deep(10'000)), "token.too_large");
}

}  // namespace
}  // namespace allauth::jose
