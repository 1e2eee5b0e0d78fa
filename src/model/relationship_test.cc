#include "model/relationship.h"

#include <gtest/gtest.h>

namespace allauth {
namespace {

TEST(RelationshipKey, IsReadAsItWasWritten) {
  const std::string_view keys[] = {
      "shop/document:d1#viewer@user:u1",
      "shop/document:a/b|c-d=e+f#viewer@shop/team:t1#member",
      "shop/document:d1#viewer@user:*",
      "shop/document:mail:ann@site.example~1#viewer@user:ann@site.example",
  };
  for (const auto key : keys) {
    const auto read = parse_relationship_key(key);
    ASSERT_TRUE(read) << key;
    EXPECT_EQ(read->key_text(), key);
  }
  const auto read = parse_relationship_key(keys[1]);
  EXPECT_EQ(read->resource_kind, "shop/document");
  EXPECT_EQ(read->resource_id, "a/b|c-d=e+f");
  EXPECT_EQ(read->relation, "viewer");
  EXPECT_EQ(read->subject_kind, "shop/team");
  EXPECT_EQ(read->subject_id, "t1");
  EXPECT_EQ(read->subject_relation, "member");
}

TEST(RelationshipKey, MissesNoPart) {
  for (const std::string_view key :
       {"", "shop/document", "shop/document:d1", "shop/document:d1#viewer", "shop/document:d1#viewer@user",
        "shop/document:d1#viewer@user:", "shop/document:d1#viewer@user:u1#", "shop/document:#viewer@user:u1",
        ":d1#viewer@user:u1", "shop/document:d1#@user:u1", "shop/document:d1#viewer@:u1"})
    EXPECT_FALSE(parse_relationship_key(key)) << key;
  EXPECT_EQ(Relationship{}.key_text(), "");
  EXPECT_EQ((Relationship{.resource_kind = "a/b", .resource_id = "c", .relation = "d", .subject_kind = "e"}
                 .key_text()),
            "");
}

TEST(RelatedIds, HoldNoMarkThatEndsThem) {
  for (const std::string_view id : {"a", "0", "A.b_c~d:e@f|g=h-i+j/k"}) EXPECT_TRUE(is_related_id(id)) << id;
  for (const std::string_view id : {"", "*", "a#b", "a b", "a\n", "\xC3\xBC", "a*"})
    EXPECT_FALSE(is_related_id(id)) << id;
  EXPECT_TRUE(is_related_id(std::string(1024, 'x')));
  EXPECT_FALSE(is_related_id(std::string(1025, 'x')));
}

}  // namespace
}  // namespace allauth
