#include "model/extension.h"

#include <gtest/gtest.h>

namespace allauth {
namespace {

TEST(Documents, AreObjectsAndKeptAsTheyWereGiven) {
  const std::string given = R"({ "b": 12345678901234567890123, "a": [1.50, "\u00e4"] })";
  EXPECT_EQ(parse_document(given, 100).value(), given);
  EXPECT_EQ(parse_document("{}", 2).value(), "{}");
  EXPECT_EQ(parse_document("{} ", 2).error().reason, Reason("document.too_large"));
  for (std::string bad : {std::string(), std::string("[]"), std::string("{"), std::string("{}{}"),
                          std::string("{\"a\":\xFF}"), std::string("null"), std::string(200, '[')})
    EXPECT_EQ(parse_document(bad, 1000, "x").error().reason, Reason("document.invalid")) << bad;
}

TEST(ExtensionWords, AreShortAndPlain) {
  for (auto good : {"supermq", "mainflux.profile", "a", "gen-2_x"})
    EXPECT_TRUE(parse_extension_word(good, "x"));
  for (auto bad : {"", "2x", "A", "a/b", "a b", ".a", "ä"})
    EXPECT_FALSE(parse_extension_word(bad, "x")) << bad;
  EXPECT_TRUE(parse_extension_word(std::string(64, 'a'), "x"));
  EXPECT_FALSE(parse_extension_word(std::string(65, 'a'), "x"));
}

}  // namespace
}  // namespace allauth
