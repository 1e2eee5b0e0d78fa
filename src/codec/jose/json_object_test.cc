#include "codec/jose/json_object.h"

#include <gtest/gtest.h>

namespace allauth::jose {
namespace {

std::string nested(std::size_t depth) {
  return R"({"a":)" + std::string(depth, '[') + std::string(depth, ']') + "}";
}

TEST(JsonObject, KeepsTheMembersOfTheOutermostObject) {
  const auto json = JsonObject::parse(
      R"( {"s":"t\u00e9xt", "i":-5, "d":1.5, "b":true, "n":null, "l":["x","y"], "e":[],
           "m":["x",1], "r":[["x"]], "o":{"s":"inner","l":["z"]}, "z":"last", "w":[{"s":1},"x"]} )");
  ASSERT_TRUE(json);
  EXPECT_EQ(*json->find("s"), JsonValue("téxt"));
  EXPECT_EQ(*json->find("i"), JsonValue(std::int64_t{-5}));
  EXPECT_EQ(*json->find("d"), JsonValue(1.5));
  EXPECT_EQ(*json->find("b"), JsonValue(true));
  EXPECT_EQ(*json->find("n"), JsonValue(nullptr));
  EXPECT_EQ(*json->find("l"), JsonValue(StringList{"x", "y"}));
  EXPECT_EQ(*json->find("e"), JsonValue(StringList{}));
  for (const std::string_view name : {"m", "r", "o", "w"})
    EXPECT_EQ(*json->find(name), JsonValue(Nested{})) << name;
  EXPECT_EQ(*json->find_string("z"), "last");
  EXPECT_EQ(json->find_string("i"), nullptr);
  EXPECT_EQ(json->find("absent"), nullptr);
  EXPECT_EQ(json->members().size(), 12U);
  EXPECT_TRUE(JsonObject::parse("{}")->members().empty());
}

TEST(JsonObject, HoldsIntegersOfAnySize) {
  const auto json =
      JsonObject::parse(R"({"max":9223372036854775807,"over":9223372036854775808,"huge":1e300})");
  ASSERT_TRUE(json);
  EXPECT_EQ(*json->find("max"), JsonValue(std::int64_t{9223372036854775807}));
  EXPECT_EQ(*json->find("over"), JsonValue(9223372036854775808.0));
  EXPECT_TRUE(std::holds_alternative<double>(*json->find("huge")));
}

TEST(JsonObject, RefusesAllElse) {
  for (const std::string_view text : {
           "",
           " ",
           "null",
           "1",
           "\"text\"",
           "[]",
           "[{}]",
           "{",
           "}",
           "{}{}",
           "{} x",
           "{\"a\"}",
           "{\"a\":}",
           "{\"a\":1,}",
           "{a:1}",
           "{'a':1}",
           "{\"a\":01}",
           "{\"a\":NaN}",
           "{\"a\":1}/**/",
           "{/**/\"a\":1}",
           "\xEF\xBB\xBF{}",
           "{\"a\":\"\xFF\"}",
           "{\"a\":\"\xC0\x80\"}",
           "{\"a\":\"\\ud800\"}",
           "{\"a\":\"\n\"}",
       })
    EXPECT_FALSE(JsonObject::parse(text)) << text;
}

TEST(JsonObject, RefusesANameGivenTwice) {
  for (const std::string_view text : {
           R"({"alg":"none","alg":"ES256"})",
           R"({"a":1,"b":2,"a":1})",
           R"({"alg":1,"\u0061lg":2})",
           R"({"o":{"x":1,"x":2}})",
           R"({"l":[{"x":1,"y":1,"x":2}]})",
       })
    EXPECT_FALSE(JsonObject::parse(text)) << text;
  EXPECT_TRUE(JsonObject::parse(R"({"x":{"x":{"x":1}},"y":[{"x":1},{"x":2}]})"));
}

TEST(JsonObject, BoundsDepthAndSize) {
  EXPECT_TRUE(JsonObject::parse(nested(kMaxJsonDepth - 1)));
  EXPECT_FALSE(JsonObject::parse(nested(kMaxJsonDepth)));
  EXPECT_FALSE(JsonObject::parse(std::string(10'000, '[')));
  EXPECT_FALSE(JsonObject::parse(nested(10'000)));
  const auto sized = [](std::size_t size) { return R"({"a":")" + std::string(size - 8, 'x') + R"("})"; };
  EXPECT_TRUE(JsonObject::parse(sized(kMaxJsonSize)));
  EXPECT_FALSE(JsonObject::parse(sized(kMaxJsonSize + 1)));
}

}  // namespace
}  // namespace allauth::jose
