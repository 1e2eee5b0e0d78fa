#include "policy/schema/schema.h"

#include <gtest/gtest.h>

#include "policy/core_schema.h"

namespace allauth::policy {
namespace {

std::string in_document(std::string_view body) {
  return fmt::format(
      "definition user {{}}\n"
      "definition group {{\n relation member: user | group#member\n}}\n"
      "definition role {{\n relation member: user\n}}\n"
      "definition document {{\n{}\n}}\n",
      body);
}

TEST(Schemas, AreAcceptedInAllTheirForms) {
  for (const std::string_view body : {
           "",
           "relation viewer: user",
           "relation viewer: user;relation editor: user;",
           "relation viewer: user |\n group#member\n",
           "relation viewer: user#...;",
           "relation viewer: role#member from grants",
           "relation parent: document\n permission view = parent->view",
           "relation parent: document\n permission view = parent.any(view)",
           "relation parent: document\n permission view = nil + (parent->view +\n (nil))",
           "relation owner: user // one\n /* two\n lines */ permission view = owner /* three */ + owner",
           "relation self: user\n relation from: user\n permission grants = self + from",
           "relation one: user\n permission left = right + one\n permission right = left + one",
           "relation parent: user\n permission view = parent->nowhere",
           "relation viewer: user\r\n\r\n permission view = viewer\r\n",
       }) {
    const auto schema = compile_schema(in_document(body));
    EXPECT_TRUE(schema) << body << "\n" << schema.error().message;
  }
  EXPECT_TRUE(compile_schema(""));
  EXPECT_TRUE(compile_schema("definition tenant/sub_unit/user {} definition other {};"));
}

struct Mistake {
  std::string_view text;
  Reason reason;
  std::string_view message;
};
class SchemaMistakes : public testing::TestWithParam<Mistake> {};

TEST_P(SchemaMistakes, AreFoundWithTheirPosition) {
  const auto schema = compile_schema(GetParam().text);
  ASSERT_FALSE(schema);
  EXPECT_EQ(schema.error().reason, GetParam().reason) << schema.error().message;
  EXPECT_TRUE(schema.error().message.starts_with(GetParam().message)) << schema.error().message;
  EXPECT_EQ(schema.error().field, "schema");
}

INSTANTIATE_TEST_SUITE_P(
    Syntax, SchemaMistakes,
    testing::Values(
        Mistake{"definition user", "schema.syntax", "1:16: expected `{`, found the end of the line"},
        Mistake{"definition user {", "schema.syntax",
                "1:18: expected `relation`, `permission` or `}`, found the end of"},
        Mistake{"definition abc { relation owner: abc }", "schema.syntax",
                "1:38: expected `;` or the end of the line, found `}`"},
        Mistake{"definition abc {\n  relation owner abc\n}", "schema.syntax",
                "2:18: expected `:`, found `abc`"},
        Mistake{"definition abc {\n\tpermission view = owner\n + other\n}", "schema.syntax",
                "3:2: expected `relation`"},
        Mistake{"definition abc {\n permission view = \n}", "schema.syntax",
                "3:1: expected a name, found `}`"},
        Mistake{"definition abc {\n permission view = (owner\n}", "schema.syntax",
                "2:26: expected `)`, found the end of the line"},
        Mistake{"definition abc {\n permission view = owner->a_b->c_d\n}", "schema.syntax",
                "2:30: an arrow cannot follow an arrow"},
        Mistake{"definition abc {\n permission view = (owner)->view\n}", "schema.syntax",
                "2:27: expected an operator"},
        Mistake{"definition abc {\n permission view = owner.each(view)\n}", "schema.syntax",
                "2:26: expected `any` or `all`"},
        Mistake{"definition abc {\n relation owner: user#...\n}", "schema.syntax", "3:1: expected `;`"},
        Mistake{"definition relation {}", "schema.syntax", "1:12: expected a name, found `relation`"},
        Mistake{"definition abc {} ?", "schema.syntax", "1:19: this character has no meaning here"},
        Mistake{"definition \xc3\xa4 {}", "schema.syntax", "1:12: this character"},
        Mistake{"// fine\n/* not", "schema.syntax", "2:1: this comment is not closed"},
        Mistake{"relation owner: user", "schema.syntax", "1:1: expected `definition`, found `relation`"}));

INSTANTIATE_TEST_SUITE_P(Names, SchemaMistakes,
                         testing::Values(Mistake{"definition ab {}", "schema.name",
                                                 "1:12: `ab` is not a name"},
                                         Mistake{"definition Abc {}", "schema.name", "1:12: `Abc`"},
                                         Mistake{"definition abc_ {}", "schema.name", "1:12: `abc_`"},
                                         Mistake{"definition 1abc {}", "schema.name", "1:12: `1abc`"},
                                         Mistake{"definition abc {\n relation own-er: abc\n}",
                                                 "schema.syntax", "2:14: expected `:`, found `-`"}));

INSTANTIATE_TEST_SUITE_P(
    Types, SchemaMistakes,
    testing::Values(Mistake{"definition abc {}\ndefinition abc {}", "schema.type",
                            "2:12: `abc` is defined twice"},
                    Mistake{"definition abc {\n relation owner: abc\n permission owner = nil\n}",
                            "schema.type", "3:13: `owner` is declared twice"},
                    Mistake{"definition abc {\n relation owner: user\n}", "schema.type",
                            "2:18: there is no definition `user`"},
                    Mistake{"definition abc {\n relation owner: abc#other\n}", "schema.type",
                            "2:18: `abc` has no relation or permission `other`"},
                    Mistake{"definition abc {\n relation owner: abc | abc\n}", "schema.type",
                            "2:24: `owner` allows this type twice"},
                    Mistake{"definition abc {\n permission view = owner\n}", "schema.type",
                            "2:20: `abc` has no relation or permission `owner`"},
                    Mistake{"definition abc {\n permission view = owner->view\n}", "schema.type",
                            "2:20: `abc` has no relation"},
                    Mistake{"definition abc {\n permission view = nil\n permission edit = view->edit\n}",
                            "schema.type", "3:20: an arrow starts at a stored relation"},
                    Mistake{"definition abc {\n permission view = edit\n permission edit = view\n}",
                            "schema.type", "2:13: this permission only stands for itself"},
                    Mistake{"definition abc {\n permission view = view\n}", "schema.type",
                            "2:13: this permission only stands"},
                    Mistake{"definition abc {\n relation read: abc from grants\n}", "schema.type",
                            "2:11: a relation from grants has one type"},
                    Mistake{"definition abc {\n relation one: abc\n permission two = one\n relation read: "
                            "abc#two from grants\n}",
                            "schema.type", "4:11: a relation from grants is held through a stored relation"},
                    Mistake{"definition abc {\n relation one: abc\n relation two: abc\n relation read: "
                            "abc#one from grants\n relation edit: abc#two from grants\n}",
                            "schema.type", "5:11: all relations from grants of `abc` need the same type"}));

INSTANTIATE_TEST_SUITE_P(
    NotYet, SchemaMistakes,
    testing::Values(Mistake{"use expiration\ndefinition abc {}", "schema.unavailable",
                            "1:1: `use` is not available yet."},
                    Mistake{"caveat abc(day int) { day < 3 }", "schema.unavailable",
                            "1:1: caveats are not available yet."},
                    Mistake{"definition abc {\n relation owner: abc:*\n}", "schema.unavailable",
                            "2:11: wildcards are not available yet."},
                    Mistake{"definition abc {\n relation owner: abc with expiration\n}", "schema.unavailable",
                            "2:22: `with`"},
                    Mistake{"definition abc {\n relation one: abc\n permission two = one & one\n}",
                            "schema.unavailable", "3:23: intersection (&)"},
                    Mistake{"definition abc {\n relation one: abc\n permission two = one + (one - one)\n}",
                            "schema.unavailable", "3:30: exclusion (-)"},
                    Mistake{"definition abc {\n relation one: abc\n permission two = one.all(two)\n}",
                            "schema.unavailable", "3:19: `all` is not available yet."},
                    Mistake{"definition abc {\n permission two: abc = nil\n}", "schema.unavailable",
                            "2:16: type annotations"},
                    Mistake{"definition abc {\n ...other\n}", "schema.unavailable", "2:2: partials"}));

TEST(SchemaLimits, HoldForSizeDepthAndNumbers) {
  auto reason = [](const std::string& text, const SchemaLimits& limits = {}) {
    const auto schema = compile_schema(text, limits);
    return schema ? std::string("fine") : std::string(schema.error().reason.slug());
  };
  EXPECT_EQ(reason(std::string(65 * 1024, ' ')), "schema.limit");
  EXPECT_EQ(reason(std::string(65 * 1024, ' '), {.text_bytes = 66 * 1024}), "fine");
  auto nested = [](std::size_t depth) {
    return in_document("permission view = " + std::string(depth, '(') + "nil" + std::string(depth, ')'));
  };
  EXPECT_EQ(reason(nested(64)), "fine");
  EXPECT_EQ(reason(nested(65)), "schema.limit");
  auto many = [](int count) {
    std::string body;
    for (int i = 0; i < count; ++i) body += fmt::format("relation rel{}: user\n", i);
    return in_document(body);
  };
  EXPECT_EQ(reason(many(512)), "fine");
  EXPECT_EQ(reason(many(513)), "schema.limit");
  EXPECT_EQ(reason("definition aaa {}\ndefinition bbb {}", {.definitions = 1}), "schema.limit");
}

TEST(CompiledSchemas, FoldPermissionsOfTheSameObjectIntoOnePlan) {
  const auto schema =
      compile_schema(
          in_document(
              "relation parent: document\n relation viewer: group#member | user\n relation owner: user\n"
              "relation edit: role#member from grants\n"
              "permission can_edit = parent->can_edit + edit + owner\n"
              "permission view = can_edit + viewer + parent->view + parent->view"))
          .value();
  const DefinitionId document = schema->find_definition("document").value();
  const Member& view = *schema->find_member(document, "view");
  std::vector<std::string> steps;
  for (const StepId id : view.plan.steps) {
    const Step& step = schema->step(id);
    steps.push_back(fmt::format("{}{}{}", schema->name(step.relation), step.target != kItself ? "->" : "",
                                schema->name(step.target)));
  }
  EXPECT_EQ(steps, (std::vector<std::string>{"owner", "viewer", "edit", "parent->can_edit", "parent->view"}));
  EXPECT_EQ(view.plan.names.size(), 5u);
  EXPECT_EQ(schema->rule_name(CompiledSchema::rule(schema->id(view))), "document#view");
}

TEST(CompiledSchemas, KnowWhichSubjectsCanReachWhat) {
  const auto schema = core_schema();
  auto reaches = [&](std::string_view kind, std::string_view permission, std::string_view subject) {
    const Member* member = schema->find_member(schema->find_definition(kind).value(), permission);
    return schema->reaches(schema->id(*member), schema->find_definition(subject).value());
  };
  EXPECT_TRUE(reaches("channel", "can_publish", "client"));
  EXPECT_TRUE(reaches("channel", "can_publish", "user"));
  EXPECT_FALSE(reaches("channel", "publisher", "user"));
  EXPECT_FALSE(reaches("user", "can_token", "client"));
  EXPECT_FALSE(reaches("channel", "can_publish", "channel"));
}

TEST(CoreSchema, HasNoOdditiesAndKeepsItsNamingRule) {
  const auto schema = core_schema();
  EXPECT_TRUE(schema->warnings().empty()) << schema->warnings().front();
  for (const std::string_view kind : {"platform", "domain", "group", "client", "channel"}) {
    const DefinitionId id = schema->find_definition(kind).value();
    EXPECT_FALSE(schema->actions(id).empty()) << kind;
    for (const std::string_view action : schema->actions(id)) {
      const std::string permission = fmt::format("can_{}", action);
      const Member* found = schema->find_member(id, permission);
      ASSERT_NE(found, nullptr) << kind << " lacks " << permission;
      EXPECT_EQ(found->kind, Member::Kind::permission);
      const NameId name = schema->find_name(action).value();
      // What is granted on a group holds by way of its edge to itself, which a disabled one lacks.
      const bool holds = kind == "group" ? std::ranges::any_of(
                                               found->plan.steps,
                                               [&](StepId step) { return schema->step(step).target == name; })
                                         : std::ranges::binary_search(found->plan.names, name);
      EXPECT_TRUE(holds) << kind << " " << permission;
    }
  }
}

TEST(CompiledSchemas, KnowTheActionsOfADefinition) {
  const auto schema =
      compile_schema(in_document("relation viewer: user\n relation share: role#member from grants\n"
                                 " relation edit: role#member from grants\n"
                                 " permission can_edit = edit"))
          .value();
  const DefinitionId document = schema->find_definition("document").value();
  EXPECT_EQ(schema->actions(document), (std::vector<std::string_view>{"edit", "share"}));
  EXPECT_TRUE(schema->actions(schema->find_definition("role").value()).empty());
  EXPECT_TRUE(schema->is_action(document, "edit"));
  for (const auto other : {"viewer", "can_edit", "member", "nothing", ""})
    EXPECT_FALSE(schema->is_action(document, other)) << other;
}

TEST(Schemas, WarnOfArrowsThatLeadNowhere) {
  const auto schema =
      compile_schema(in_document("relation owner: user\n permission view = owner->view")).value();
  ASSERT_EQ(schema->warnings().size(), 1u);
  EXPECT_EQ(schema->warnings()[0], "10:20: nothing that `owner` points to has `view`");
}

}  // namespace
}  // namespace allauth::policy
