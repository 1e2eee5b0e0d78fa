#include "policy/validation/validation_file.h"

#include <gtest/gtest.h>

namespace allauth::policy {
namespace {

TEST(ValidationFiles, AreRead) {
  const auto file = read_validation_file(R"yaml(
schema: |-
  definition user {}
  definition doc { relation viewer: user; }
relationships: |
  // who sees what
  doc:plan#viewer@user:ann

    doc:plan#viewer@user:*
assertions:
  assertTrue:
    - doc:plan#viewer@user:ann
    - 'doc:plan#viewer@user:bob with {"day": "with {"}'
  assertFalse: []
  assertCaveated:
validation:
  doc:plan#viewer:
    - "[user:ann] is <doc:plan#viewer>/<doc:plan#other>"
    - "[user:* - {user:bob, user:eve[...]}] is <doc:plan#viewer>"
    - "[group:staff#member[...]] is <doc:plan#viewer>"
  doc:plan#other: []
)yaml")
                        .value();
  EXPECT_TRUE(file.schema.starts_with("definition user {}\ndefinition doc"));
  ASSERT_EQ(file.relationships.size(), 2u);
  EXPECT_EQ(file.relationships[1].subject.object.id, "*");
  ASSERT_EQ(file.assert_true.size(), 2u);
  EXPECT_EQ(file.assert_true[0].context, "");
  EXPECT_EQ(file.assert_true[1].context, R"({"day": "with {"})");
  EXPECT_TRUE(file.assert_false.empty() && file.assert_caveated.empty());
  ASSERT_EQ(file.validation.size(), 2u);
  const auto& expected = file.validation[0].subjects;
  ASSERT_EQ(expected.size(), 3u);
  EXPECT_EQ(expected[0].through,
            (std::vector<SubjectText>{{{"doc", "plan"}, "viewer"}, {{"doc", "plan"}, "other"}}));
  ASSERT_EQ(expected[1].exceptions.size(), 2u);
  EXPECT_EQ(expected[1].subject.object.id, "*");
  EXPECT_EQ(expected[1].exceptions[1].subject, (SubjectText{{"user", "eve"}}));
  EXPECT_TRUE(!expected[1].exceptions[0].caveated && expected[1].exceptions[1].caveated);
  EXPECT_TRUE(expected[2].caveated && expected[2].subject.relation == "member");
}

TEST(ValidationFiles, MayNameAFileAndLeaveOutTheRest) {
  EXPECT_EQ(read_validation_file("schemaFile: other.zed")->schema_file, "other.zed");
  EXPECT_TRUE(
      read_validation_file("---\nschema: definition user {}\nrelationships:\nassertions:\nvalidation:\n"));
}

TEST(ValidationFiles, AreRefusedWithALine) {
  struct Case {
    std::string_view text;
    std::string_view message;
  };
  for (const Case& c : std::vector<Case>{
           {"", "line 1: expected `schema`"},
           {"- schema", "line 1: expected `schema`"},
           {"relationships: ''", "line 1: expected one of `schema` and `schemaFile`"},
           {"schema: one\nschemaFile: two", "line 1: expected one of"},
           {"schema: one\nrelationship: two", "line 2: the parts are"},
           {"schema: [one]", "line 1: `schema` should be a text"},
           {"schema: one\nassertions:\n  - one", "line 3: `assertions` should have"},
           {"schema: one\nassertions:\n  assertMaybe: []", "line 3: assertions are"},
           {"schema: one\nassertions:\n  assertTrue: one", "line 3: assertions are lists"},
           {"schema: one\nassertions:\n  assertTrue: [[one]]", "line 3: an assertion should be a text"},
           {"schema: one\nvalidation: [one]", "line 2: `validation` should map"},
           {"schema: one\nvalidation:\n  doc:one#two1:\n    - user:ann", "line 4: expected something like"},
           {"schema: one\nvalidation:\n  doc:one#two1:\n    - '[user:* - {user:ann] is <doc:one#view>'",
            "line 4: a `}` is missing"},
           {"schema: one\nvalidation:\n  doc:one#two1:\n    - '[user:ann] is doc:one#view>'",
            "line 4: a `<` is missing"},
           {"schema: 'one", "line 1: "},
           {"schema: one\n\tassertions: two", "line 2: "},
           {"schema: one\nrelationships: |\n  doc:one#viewer", "`doc:one#viewer`: "},
       }) {
    const auto file = read_validation_file(c.text);
    ASSERT_FALSE(file) << c.text;
    EXPECT_TRUE(file.error().message.starts_with(c.message)) << c.text << "\n" << file.error().message;
  }
}

TEST(ValidationFiles, AreBoundedInSizeAndDepth) {
  EXPECT_EQ(read_validation_file(std::string(kMaxValidationFile + 1, ' ')).error().reason.slug(),
            "validation.limit");
  EXPECT_EQ(read_validation_file(std::string(100'000, '[')).error().reason.slug(), "validation.syntax");
}

}  // namespace
}  // namespace allauth::policy
