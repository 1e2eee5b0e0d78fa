#include "policy/validation/relationship_text.h"

#include <gtest/gtest.h>

namespace allauth::policy {
namespace {

TEST(RelationshipText, IsReadInAllItsForms) {
  const auto plain = parse_relationship("doc:plan#viewer@user:ann").value();
  EXPECT_EQ(plain.resource, (ObjectText{"doc", "plan"}));
  EXPECT_EQ(plain.relation, "viewer");
  EXPECT_EQ(plain.subject, (SubjectText{{"user", "ann"}}));
  EXPECT_EQ(plain.edge().subject.object.id, "ann");

  const auto userset = parse_relationship("a_b/doc:x/y|z=+-_9#viewer@a_b/group:staff#member").value();
  EXPECT_EQ(userset.resource, (ObjectText{"a_b/doc", "x/y|z=+-_9"}));
  EXPECT_EQ(userset.subject, (SubjectText{{"a_b/group", "staff"}, "member"}));

  EXPECT_EQ(parse_relationship("doc:plan#viewer@user:ann#...")->subject.relation, "");
  EXPECT_EQ(parse_relationship("doc:plan#viewer@user:*")->subject.object.id, "*");

  const auto all =
      parse_relationship(
          R"(doc:p#view@user:tom#...[only/day:{"a":"}\"]","b":{}}][expiration:2026-01-01T00:00:00Z])")
          .value();
  EXPECT_EQ(all.caveat, "only/day");
  EXPECT_EQ(all.context, R"({"a":"}\"]","b":{}})");
  EXPECT_EQ(all.expiration, "2026-01-01T00:00:00Z");
  EXPECT_EQ(parse_relationship("doc:plan#viewer@user:ann[weekend]")->caveat, "weekend");
  EXPECT_EQ(parse_relationship("doc:plan#viewer@user:ann[expiration:2026-01-01T00:00:00Z]")->caveat, "");

  EXPECT_EQ(parse_subject_text("group:staff#member").value(), (SubjectText{{"group", "staff"}, "member"}));
  const std::string longest(1024, 'x');
  EXPECT_TRUE(parse_relationship("doc:" + longest + "#viewer@user:" + longest));
}

TEST(RelationshipText, IsRefusedWithAReason) {
  const std::string too_long(1025, 'x');
  for (const std::string text : {
           "",
           "doc:plan",
           "doc:plan#viewer",
           "doc:plan#viewer@",
           "doc:plan#viewer@user",
           "doc:plan#viewer@user:",
           "doc:plan@user:ann",
           "doc#viewer@user:ann",
           "doc:#viewer@user:ann",
           "doc:plan#@user:ann",
           "doc:plan#viewer@user:ann#",
           "doc:plan#viewer@user:ann#..",
           "doc:plan#viewer@user:ann#....",
           "doc:plan#viewer@user:ann b",
           "doc:plan#viewer@user:ann@user:bob",
           "doc:plan#viewer@user:ann.b",
           "doc:*#viewer@user:ann",
           "doc:plan#viewer@user:*#member",
           "doc:plan#viewer@user:a*",
           "Doc:plan#viewer@user:ann",
           "/doc:plan#viewer@user:ann",
           "doc:plan#Viewer@user:ann",
           "doc:plan#ab@user:ann",
           "doc:plan#viewer@user:ann[",
           "doc:plan#viewer@user:ann[]",
           "doc:plan#viewer@user:ann[day",
           "doc:plan#viewer@user:ann[day:]",
           "doc:plan#viewer@user:ann[day:{]",
           "doc:plan#viewer@user:ann[day:{}}]",
           "doc:plan#viewer@user:ann[day:[]]",
           "doc:plan#viewer@user:ann[day][day]",
           "doc:plan#viewer@user:ann[expiration:]",
           "doc:plan#viewer@user:ann[expiration:tomorrow, at about noon]",
           "doc:plan#viewer@user:ann[expiration:2026-01-01T00:00:00Z][day]",
           "doc:plan#viewer@user:ann[day]x",
       }) {
    const auto read = parse_relationship(text);
    ASSERT_FALSE(read) << text;
    EXPECT_EQ(read.error().reason.slug(), "relationship.invalid");
    EXPECT_TRUE(read.error().message.starts_with("`")) << read.error().message;
  }
  const auto read = parse_relationship("doc:" + too_long + "#viewer@user:ann");
  ASSERT_FALSE(read);
  EXPECT_LT(read.error().message.size(), 200u);
  EXPECT_FALSE(parse_subject_text("group:staff#member@user:ann"));
}

}  // namespace
}  // namespace allauth::policy
