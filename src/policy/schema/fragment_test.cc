#include <gtest/gtest.h>

#include "policy/check.h"
#include "policy/schema/schema.h"
#include "policy/test_text.h"

namespace allauth::policy {
namespace {

constexpr std::string_view kNotes =
    "definition user {}\n"
    "definition folder {\n"
    " relation reader: user\n"
    "}\n"
    "definition note {\n"
    " relation folder: folder\n"
    " relation owner: user\n"
    " permission can_read = owner\n"
    "}\n";

Result<std::shared_ptr<const CompiledSchema>> with(std::vector<Fragment> fragments) {
  return compile_schema({.text = kNotes, .fragments = fragments});
}

bool allows(const std::shared_ptr<const CompiledSchema>& schema, std::string_view text) {
  Graph::Editor editor{Graph(schema)};
  for (const std::string_view fact :
       {"note:n1#folder@folder:f1", "note:n1#owner@user:ann", "folder:f1#reader@user:ben"})
    EXPECT_TRUE(editor.add(parse_edge(fact).value()));
  const Edge asked = parse_edge(text).value();
  return Engine()
      .check(editor.freeze(), 1,
             {.subject = asked.subject, .permission = asked.relation, .object = asked.resource})
      .value()
      .allowed();
}

TEST(Fragments, AddPermissionsOverTheDefinitionsOfTheSchema) {
  const auto schema = with({{"paper",
                             "definition note {\n permission paper_view = paper_own + folder->paper_view\n"
                             " permission paper_own = can_read\n}\n"
                             "definition folder {\n permission paper_view = reader\n}\n"}})
                          .value();
  EXPECT_TRUE(allows(schema, "note:n1#paper_view@user:ann"));
  EXPECT_TRUE(allows(schema, "note:n1#paper_view@user:ben"));
  EXPECT_TRUE(allows(schema, "note:n1#paper_own@user:ann"));
  EXPECT_FALSE(allows(schema, "note:n1#paper_own@user:ben"));
  EXPECT_FALSE(allows(schema, "note:n1#can_read@user:ben"));
  EXPECT_TRUE(schema->warnings().empty());
}

TEST(Fragments, StandBesideOneAnother) {
  const auto schema = with({{"one", "definition note {\n permission one_view = owner\n}\n"},
                            {"two", "definition note {\n permission two_view = nil\n}\n"}})
                          .value();
  EXPECT_TRUE(allows(schema, "note:n1#one_view@user:ann"));
  EXPECT_FALSE(allows(schema, "note:n1#two_view@user:ann"));
}

struct Mistake {
  std::string_view text;
  Reason reason;
  std::string_view message;
};
class FragmentMistakes : public testing::TestWithParam<Mistake> {};

TEST_P(FragmentMistakes, AreFoundWithTheFragmentAndThePosition) {
  const auto schema =
      with({{"fine", "definition note {\n permission fine_view = owner\n}\n"}, {"paper", GetParam().text}});
  ASSERT_FALSE(schema);
  EXPECT_EQ(schema.error().reason, GetParam().reason) << schema.error().message;
  EXPECT_TRUE(schema.error().message.starts_with(GetParam().message)) << schema.error().message;
  EXPECT_EQ(schema.error().field, "schema");
}

INSTANTIATE_TEST_SUITE_P(
    Of, FragmentMistakes,
    testing::Values(Mistake{"definition note {\n relation paper_friend: user\n}", "schema.fragment",
                            "paper:2:11: a fragment adds permissions only"},
                    Mistake{"use partial\npartial paper_parts {\n permission paper_view = nil\n}",
                            "schema.fragment", "paper:2:9: a fragment consists of definitions only"},
                    Mistake{"use partial\ndefinition note {\n ...paper_parts\n}", "schema.fragment",
                            "paper:3:2: a fragment adds permissions only"},
                    Mistake{"caveat paper_late(day int) { day < 3 }", "schema.fragment",
                            "paper:1:8: a fragment consists of definitions only"},
                    Mistake{"definition paper_box {\n permission paper_view = nil\n}", "schema.fragment",
                            "paper:1:12: the schema has no definition `paper_box`"},
                    Mistake{"definition note {\n permission view = owner\n}", "schema.fragment",
                            "paper:2:13: `view` has to begin with `paper_`"},
                    Mistake{"definition note {\n permission fine_edit = owner\n}", "schema.fragment",
                            "paper:2:13: `fine_edit` has to begin with `paper_`"},
                    Mistake{"definition note {\n permission paper_view = owner\n}\n"
                            "definition note {\n permission paper_view = nil\n}",
                            "schema.type", "paper:5:13: `paper_view` is declared twice"},
                    Mistake{"definition note {\n permission paper_view = (owner +\n nobody)\n}",
                            "schema.type", "paper:3:2: `note` has no relation or permission `nobody`"},
                    Mistake{"definition note {\n permission paper_view owner\n}", "schema.syntax",
                            "paper:2:24: expected `=`"},
                    Mistake{"definition note", "schema.syntax", "paper:1:16: expected `{`"}));

TEST(Fragments, CountIntoTheLimitsOfTheSchema) {
  const std::vector<Fragment> fragments{{"paper", "definition note {\n permission paper_view = owner\n}\n"}};
  EXPECT_TRUE(compile_schema({.text = kNotes, .fragments = fragments}, {.members = 4}));
  const auto refused = compile_schema({.text = kNotes, .fragments = fragments}, {.members = 3});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().reason, Reason("schema.limit"));
  EXPECT_EQ(refused.error().message, "paper:1:12: more than 3 relations and permissions");
}

TEST(Fragments, WarnWithTheirName) {
  const auto schema =
      with({{"paper", "definition note {\n permission paper_view = owner->view\n}\n"}}).value();
  ASSERT_EQ(schema->warnings().size(), 1u);
  EXPECT_EQ(schema->warnings()[0], "paper:2:26: nothing that `owner` points to has `view`");
}

}  // namespace
}  // namespace allauth::policy
