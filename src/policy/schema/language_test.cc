// What the language accepts and how it is understood, whatever the engine can do with it.
#include <gtest/gtest.h>

#include "policy/schema/parser.h"
#include "policy/schema/resolved_schema.h"
#include "policy/schema/test_resolve.h"

namespace allauth::policy {
namespace {

TEST(Language, IsAcceptedInAllItsForms) {
  for (const std::string_view body : {
           "",
           ";;",
           "relation viewer: user",
           "relation viewer: user;relation editor: user;",
           "relation viewer: user; ; relation editor: user",
           "relation viewer: user |\n group#member\n",
           "relation viewer:\n user | user:*\n",
           "relation viewer: user#...;",
           "relation viewer: user#... | group#member",
           "relation viewer: user:*",
           "relation viewer: role#member from grants",
           "relation viewer: role#member from allow grants",
           "relation parent: document\n permission view = parent->view",
           "relation parent: document\n permission view = parent.any(view)",
           "relation parent: document\n permission view = parent.all(view)",
           "relation parent: document\n permission view = nil + (parent->view +\n (nil))",
           "relation owner: user // one\n /* two\n lines */ permission view = owner /* three */ + owner",
           "relation self: user\n relation from: user\n permission grants = self + from",
           "relation use: user\n relation and: user\n relation partial: user\n relation import: user\n"
           " relation expiration: user\n relation any: user\n relation all: user\n"
           " permission typechecking = use + and - partial & import + expiration + any + all",
           "relation one: user\n permission left = right + one\n permission right = left + one",
           "relation parent: user\n permission view = parent->nowhere",
           "relation viewer: user\r\n\r\n permission view = viewer\r\n",
           "relation viewer: user\r permission view = viewer\r",
           "relation viewer: document#view\n permission view = viewer",
           "relation anybody: user:*\n permission view = anybody\n relation shared: document#view",
           "relation viewer: user\n permission view = ((viewer)) & (viewer - (viewer & viewer))",
           "relation viewer: user\n permission view = viewer -\n viewer &\n viewer +\n viewer",
           "permission view = nil - nil",
       }) {
    const auto schema = resolve(in_document(body));
    EXPECT_TRUE(schema) << body << "\n" << schema.error().message;
  }
  for (const std::string_view text : {
           "",
           "// nothing\n",
           "definition tenant/sub_unit/user {} definition other {};",
           "definition one {}; ; definition two {}",
           "use expiration\nuse expiration; use self use partial\nuse import\nuse typechecking\ndefinition "
           "abc {}",
           "use self definition user { relation boss: user\n permission view = self + boss & self\n}",
           "definition use {}\ndefinition self {}",
           "use typechecking\ndefinition abc {\n relation one: abc | abc:*\n permission two: abc | other = "
           "one\n}\n"
           "definition other {}",
           "use typechecking\ndefinition abc {\n permission none: abc = nil\n}",
           "use typechecking\ndefinition abc {\n relation one: abc | other\n relation two: other\n"
           " permission both: other = one & two\n}\ndefinition other {}",
           "use typechecking\ndefinition abc {\n relation one: abc\n relation not: other\n"
           " permission two: abc = one - not\n}\ndefinition other {}",
       }) {
    const auto schema = compile_schema(text);
    EXPECT_TRUE(schema) << text << "\n" << schema.error().message;
  }
}

// The expression with a parenthesis around each operation.
std::string print(const ResolvedSchema& schema, const ResolvedExpr& expr) {
  auto join = [&](std::string_view op) {
    std::string text;
    for (const ResolvedExpr& part : expr.parts)
      text += fmt::format("{}{}", text.empty() ? "" : op, print(schema, part));
    return fmt::format("({})", text);
  };
  switch (expr.kind) {
    case ResolvedExpr::Kind::nil:
      return "nil";
    case ResolvedExpr::Kind::self:
      return "self";
    case ResolvedExpr::Kind::reference:
      return schema.names[expr.name];
    case ResolvedExpr::Kind::arrow:
      return fmt::format("{}.{}({})", schema.names[expr.name], expr.all ? "all" : "any",
                         schema.names[expr.target]);
    case ResolvedExpr::Kind::union_:
      return join(" + ");
    case ResolvedExpr::Kind::intersection:
      return join(" & ");
    case ResolvedExpr::Kind::exclusion:
      return join(" - ");
  }
  return "";
}

TEST(Language, BindsUnionTightestAndExclusionLoosest) {
  struct Case {
    std::string_view text;
    std::string_view understood;
  };
  for (const Case& c : std::vector<Case>{
           {"aaa", "aaa"},
           {"aaa - bbb + ccc", "(aaa - (bbb + ccc))"},
           {"aaa & bbb + ccc", "(aaa & (bbb + ccc))"},
           {"aaa + bbb & ccc", "((aaa + bbb) & ccc)"},
           {"aaa - bbb & ccc + ddd", "(aaa - (bbb & (ccc + ddd)))"},
           {"aaa & bbb - ccc", "((aaa & bbb) - ccc)"},
           {"aaa - bbb - ccc", "(aaa - bbb - ccc)"},
           {"(aaa - bbb) - ccc", "((aaa - bbb) - ccc)"},
           {"aaa - (bbb - ccc)", "(aaa - (bbb - ccc))"},
           {"aaa + (bbb + (ccc + ddd))", "(aaa + bbb + ccc + ddd)"},
           {"(aaa & bbb) & (ccc & ddd)", "(aaa & bbb & ccc & ddd)"},
           {"aaa + (bbb & ccc)", "(aaa + (bbb & ccc))"},
           {"(aaa + bbb) - ccc", "((aaa + bbb) - ccc)"},
           {"((aaa)) + nil", "(aaa + nil)"},
           {"aaa->view + aaa.any(view)", "(aaa.any(view) + aaa.any(view))"},
           {"aaa.all(view) & self", "(aaa.all(view) & self)"},
           {"aaa +\n bbb", "(aaa + bbb)"},
           {"aaa // one\n - bbb", ""},
       }) {
    const auto schema = resolve(
        fmt::format("use self definition doc {{\n relation aaa: doc\n relation bbb: doc\n relation ccc: doc\n"
                    " relation ddd: doc\n permission view = {}\n}}",
                    c.text));
    if (c.understood.empty()) {
      EXPECT_FALSE(schema) << c.text;
      continue;
    }
    ASSERT_TRUE(schema) << c.text << "\n" << schema.error().message;
    const auto& members = schema->definitions[0].members;
    EXPECT_EQ(print(*schema, members.back().expr), c.understood) << c.text;
  }
}

TEST(Language, TellsTypesApart) {
  const auto schema = resolve(in_document("relation viewer: user | user:* | group#member")).value();
  const auto& definition = schema.definitions.back();
  const Form expected[] = {
      {0, kItself, false}, {0, kItself, true}, {1, definition.members[0].forms[2].relation}};
  ASSERT_EQ(definition.members[0].forms.size(), 3u);
  for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(definition.members[0].forms[i], expected[i]) << i;
  EXPECT_EQ(schema.names[expected[2].relation], "member");
}

TEST(Language, KeepsCommentsWithWhatTheyStandBefore) {
  const auto ast =
      parse_schema(
          "// of the file\n\n/* and the\n user */\ndefinition user {} // dropped\n"
          "definition doc { // first\n  // one\n  /* two */ relation owner: user // dropped\n"
          "  permission view = owner /* dropped */ + owner\n  // three\r\n  permission edit = view\n"
          "}\n/* four */ caveat odd(day int) { day % 2 == 1 }",
          {})
          .value();
  EXPECT_EQ(ast.definitions[0].comments, (DocComments{"// of the file", "/* and the\n user */"}));
  const SourceDefinition& doc = ast.definitions[1];
  EXPECT_EQ(doc.comments, DocComments{});
  EXPECT_EQ(doc.relations[0].comments, (DocComments{"// first", "// one", "/* two */"}));
  EXPECT_EQ(doc.permissions[0].comments, DocComments{});
  EXPECT_EQ(doc.permissions[1].comments, DocComments{"// three"});
  EXPECT_EQ(ast.caveats[0].comments, DocComments{"/* four */"});
}

TEST(Language, ReadsWhatIsNotAvailableYet) {
  const auto ast =
      parse_schema(
          "use expiration use import use partial\nimport 'other.zed'\nimport \"\"\"more\nlines\"\"\"\n"
          "partial shared {\n relation owner: user\n}\n"
          "caveat net/on_Tuesday2(day string, rest map<list<any>>) {\n day == '}' || day == \"{\" ? {1: "
          "2}[1] : x.y\n}\n"
          "definition doc {\n ...shared\n relation viewer: user with expiration | user with net/on_Tuesday2 "
          "and "
          "expiration\n}",
          {})
          .value();
  EXPECT_EQ(ast.imports[0].text, "other.zed");
  EXPECT_EQ(ast.imports[1].text, "more\nlines");
  EXPECT_EQ(ast.partials[0].name, "shared");
  ASSERT_EQ(ast.caveats.size(), 1u);
  EXPECT_EQ(ast.caveats[0].name, "net/on_Tuesday2");
  EXPECT_EQ(ast.caveats[0].parameters[1].type.arguments[0].arguments[0].name, "any");
  EXPECT_EQ(ast.caveats[0].condition.text, "\n day == '}' || day == \"{\" ? {1: 2}[1] : x.y\n");
  EXPECT_EQ(ast.definitions[0].partials[0].text, "shared");
  const auto& types = ast.definitions[0].relations[0].types;
  EXPECT_TRUE(types[0].expiration && types[0].caveat.text.empty());
  EXPECT_TRUE(types[1].expiration && types[1].caveat.text == "net/on_Tuesday2");
}

TEST(Language, WarnsOfWhatIsHardlyMeant) {
  struct Case {
    std::string_view body;
    std::string_view warning;
  };
  for (const Case& c : std::vector<Case>{
           {"relation owner: user\n permission view = owner->view",
            "10:20: nothing that `owner` points to has `view`"},
           {"relation view_document: user", "9:10: `view_document` repeats the name of its definition"},
           {"relation owner: user\n permission view = owner + (view & owner)",
            "10:29: `view` refers to itself"},
           {"relation team: group\n permission view = team->member",
            "10:20: `member` is a relation where `team`"},
           {"relation parent: document#view\n permission view = parent->view",
            "10:20: `parent` also takes usersets"},
       }) {
    const auto schema = compile_schema(in_document(c.body));
    ASSERT_TRUE(schema) << schema.error().message;
    const auto& warnings = (*schema)->warnings();
    ASSERT_EQ(warnings.size(), 1u) << c.body;
    EXPECT_TRUE(warnings[0].starts_with(c.warning)) << warnings[0];
  }
  const auto plain =
      compile_schema(in_document("relation parent: document\n permission view = parent->view"));
  EXPECT_TRUE((*plain)->warnings().empty());
  std::string many;
  for (int i = 0; i < 300; ++i) many += fmt::format("relation rel{}_document: user\n", i);
  EXPECT_EQ((*compile_schema(in_document(many)))->warnings().size(), 100u);
}

}  // namespace
}  // namespace allauth::policy
