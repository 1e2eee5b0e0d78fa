#include "policy/validation/validation_file.h"

#include <gtest/gtest.h>

#include "policy/validation/yaml_limits.h"

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
  EXPECT_TRUE(file.schema.text().starts_with("definition user {}\ndefinition doc"));
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
  EXPECT_EQ(read_validation_file("schemaFile: other.zed")->schema_file.text(), "other.zed");
  EXPECT_TRUE(
      read_validation_file("---\nschema: definition user {}\nrelationships:\nassertions:\nvalidation:\n"));
}

std::string where(Position at) { return fmt::format("{}:{}", at.line, at.column); }

TEST(ValidationFiles, KnowWhereEverythingStands) {
  const auto file = read_validation_file(R"yaml(schema: |-

    definition user {}
      definition doc { relation viewer: user; }
relationships: |
  // who sees what

    doc:plan#viewer@user:ann
assertions:
  assertTrue:
    - doc:plan#viewer@user:ann
    -   'doc:plan#viewer@user:bob'
  assertFalse: ["doc:plan#viewer@user:eve", doc:plan#viewer@user:dan]
validation:
  doc:plan#viewer:
    - "[user:ann] is <doc:plan#viewer>"
grants:
  - {object: "doc:plan", role: readers, actions: [read], deny: [write]}
)yaml")
                        .value();
  EXPECT_EQ(where(file.schema.in_file({2, 1})), "3:5");
  EXPECT_EQ(where(file.schema.in_file({3, 14})), "4:18");
  EXPECT_EQ(where(file.relationships[0].at), "8:5");
  EXPECT_EQ(where(file.assert_true[0].at), "11:7");
  EXPECT_EQ(where(file.assert_true[1].at), "12:10");
  EXPECT_EQ(where(file.assert_false[0].at), "13:18");
  EXPECT_EQ(where(file.assert_false[1].at), "13:45");
  EXPECT_EQ(where(file.validation[0].at), "15:3");
  EXPECT_EQ(where(file.validation[0].subjects[0].at), "16:8");
  EXPECT_EQ(where(file.grants[0].at), "18:5");
  EXPECT_EQ(file.grants[0].denied, std::vector<std::string>{"write"});
}

TEST(ValidationFiles, KnowWhereASchemaStandsHoweverItIsWritten) {
  const auto at = [](std::string_view text, Position within) {
    return where(read_validation_file(text).value().schema.in_file(within));
  };
  EXPECT_EQ(at("schema: definition user {}", {1, 12}), "1:20");
  EXPECT_EQ(at("schema: 'definition user {}'", {1, 12}), "1:21");
  EXPECT_EQ(at("relationships: ''\r\nschema: |+\r\n  one\r\n  two\r\n", {2, 1}), "4:3");
  EXPECT_EQ(at("schema: |2\n    one\n  two\n", {1, 3}), "2:5");
  EXPECT_EQ(at("schema:\n  |\n    one\n    two\n", {2, 2}), "4:6");
  // Lines that were folded are not lines of the file any more: then it is where the text begins.
  EXPECT_EQ(at("schema: >\n  one\n  two\n\n  three\n", {2, 2}), "1:9");
  EXPECT_EQ(at("schema: \"one\\ntwo\"", {2, 2}), "1:9");
}

TEST(ValidationFiles, AreRefusedWithAPlace) {
  struct Case {
    std::string_view text;
    std::string_view message;
  };
  for (const Case& c : std::vector<Case>{
           {"", "1:1: expected a map: the parts are schema"},
           {"- schema", "1:1: expected a map: the parts are schema"},
           {"schema: one\nschemaFile: two", "2:13: there is a `schema` already"},
           {"schema: one\nrelationship: two", "2:1: the parts are"},
           {"schema: one\nschema: two", "2:1: `schema` is there twice"},
           {"schema: [one]", "1:9: `schema` should be a text"},
           {"schema: one\nassertions:\n  - one", "3:3: expected a map: assertions are"},
           {"schema: one\nassertions:\n  assertMaybe: []", "3:3: assertions are"},
           {"schema: one\nassertions:\n  assertTrue: one", "3:15: assertions are lists"},
           {"schema: one\nassertions:\n  assertTrue: [[one]]", "3:16: an assertion should be a text"},
           {"schema: one\nvalidation: [one]", "2:13: `validation` should map"},
           {"schema: one\nvalidation:\n  doc:one: []", "3:3: a relation or permission is missing"},
           {"schema: one\nvalidation:\n  doc:one#two1:\n    - user:ann", "4:7: expected something like"},
           {"schema: one\nvalidation:\n  doc:one#two1:\n    - '[user:* - {user:ann] is <doc:one#view>'",
            "4:8: a `}` is missing"},
           {"schema: one\nvalidation:\n  doc:one#two1:\n    - '[user:ann] is doc:one#view>'",
            "4:8: a `<` is missing"},
           {"schema: 'one", "1:13: "},
           {"schema: one\n\tassertions: two", "2:1: "},
           {"schema: one\nrelationships: |\n  doc:one#viewer", "3:3: `doc:one#viewer`: "},
           {"schema: &one one\nschemaFile: *one", "2:13: aliases"},
           {"schema: one\n---\nschema: one", "2:1: a second document"},
           {"grants:\n  - {object: doc}", "2:14: `doc`: "},
           {"grants:\n  - {role: [one]}", "2:12: `role` should be a text"},
       }) {
    const auto file = read_validation_file(c.text);
    ASSERT_FALSE(file) << c.text;
    const Mistake& first = file.error()[0];
    const std::string said = fmt::format("{}: {}", where(first.at), first.message);
    EXPECT_TRUE(said.starts_with(c.message)) << c.text << "\n" << said;
  }
}

TEST(ValidationFiles, TellAllMistakesAtOnceUpToALimit) {
  const auto file = read_validation_file("schema: one\nrelationships: |\n  one\n  two\nother: 3\n");
  ASSERT_FALSE(file);
  EXPECT_EQ(file.error().size(), 3u);
  std::string many = "relationships: |\n";
  for (int i = 0; i < 1000; ++i) many += "  one\n";
  EXPECT_EQ(read_validation_file(many).error().size(), kMaxMistakes);
}

TEST(ValidationFiles, AreBoundedInSizeDepthAndNumber) {
  const auto reason = [](const std::string& text) {
    return std::string(read_validation_file(text).error().at(0).reason.slug());
  };
  EXPECT_EQ(reason(std::string(kMaxValidationFile + 1, ' ')), "validation.limit");
  EXPECT_EQ(reason(std::string(100'000, '[')), "validation.syntax");
  std::string many = "assertions: {assertTrue: [";
  for (std::size_t i = 0; i < kMaxYamlValues; ++i) many += "a,";
  EXPECT_EQ(reason(many + "a]}"), "validation.limit");
}

}  // namespace
}  // namespace allauth::policy
