#include "model/values.h"

#include <gtest/gtest.h>

namespace allauth {
namespace {

TEST(Names, AreTrimmedAndBounded) {
  EXPECT_EQ(parse_name("  Müller's pump ").value(), "Müller's pump");
  EXPECT_TRUE(parse_name(std::string(128, 'n')));
  for (std::string bad : {std::string(), std::string("   "), std::string(129, 'n'), std::string("a\nb"),
                          std::string("a\0b", 3), std::string("\xC2\x85"), std::string("\xFF")})
    EXPECT_FALSE(parse_name(bad)) << bad;
}

TEST(Descriptions, MayHaveLinesAndAreBounded) {
  EXPECT_EQ(parse_description("").value(), "");
  EXPECT_EQ(parse_description("one\ntwo\tthree \r\n").value(), "one\ntwo\tthree \r\n");
  std::string longest;
  for (int i = 0; i < 1024; ++i) longest += "\xC3\xA4";
  EXPECT_EQ(parse_description(longest).value(), longest);
  for (std::string bad : {longest + "x", std::string("a\0b", 3), std::string("\x1B[2J"), std::string("\xFF"),
                          std::string("\xC2\x85")})
    EXPECT_FALSE(parse_description(bad)) << bad.size();
}

TEST(Routes, CannotBeMistakenForIdsOrTopicLevels) {
  for (auto good : {"plant-1", "a", "7_up"}) EXPECT_TRUE(parse_route(good)) << good;
  for (auto bad : {"", "-a", "A", "a/b", "a+b", "#", "a b", "0190b7d2-7c1e-7000-8000-000000000001"})
    EXPECT_FALSE(parse_route(bad)) << bad;
}

TEST(Emails, AreLowerCasedAndSane) {
  EXPECT_EQ(parse_email("Ada@Example.ORG").value(), "ada@example.org");
  for (auto bad : {"", "ada", "@x", "a@", "a@@b", "a b@c", "a@b\nBcc: d", "a@.b", "a@b..c", "a@b."})
    EXPECT_FALSE(parse_email(bad)) << bad;
}

TEST(Tags, AreSortedUniqueAndBounded) {
  EXPECT_EQ(parse_tags({"b", "a", "b"}).value(), (Tags{"a", "b"}));
  EXPECT_FALSE(parse_tags(std::vector<std::string>(33, "t")));
  const auto error = parse_tags({"ok", ""});
  ASSERT_FALSE(error);
  EXPECT_EQ(error.error().field, "tags[1]");
}

TEST(MetadataText, IsACompactBoundedObject) {
  EXPECT_EQ(parse_metadata(R"( {"a" : [1, {"b":null}]} )").value().json, R"({"a":[1,{"b":null}]})");
  const std::string deep = std::string(9, '[') + std::string(9, ']');
  for (std::string bad : {std::string("[]"), std::string("{"), "{\"a\":" + deep + "}",
                          "{\"a\":\"" + std::string(16384, 'x') + "\"}"})
    EXPECT_FALSE(parse_metadata(bad)) << bad.substr(0, 30);
}

}  // namespace
}  // namespace allauth
