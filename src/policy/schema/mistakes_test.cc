// Each mistake in a schema is told with its position and the right reason.
#include <gtest/gtest.h>

#include "policy/schema/test_resolve.h"

namespace allauth::policy {
namespace {

struct Mistake {
  std::string_view text;
  Reason reason;
  std::string_view message;
};
class SchemaMistakes : public testing::TestWithParam<Mistake> {};
class AnnotationMistakes : public testing::TestWithParam<Mistake> {};

template <class Schema>
void expect_mistake(const Result<Schema>& schema, const Mistake& mistake) {
  ASSERT_FALSE(schema) << mistake.text;
  EXPECT_EQ(schema.error().reason.slug(), mistake.reason.slug()) << schema.error().message;
  EXPECT_TRUE(schema.error().message.starts_with(mistake.message)) << mistake.text << "\n"
                                                                   << schema.error().message;
  EXPECT_EQ(schema.error().field, "schema");
}

TEST_P(SchemaMistakes, AreFoundWithTheirPosition) { expect_mistake(resolve(GetParam().text), GetParam()); }
// What can hold a permission is known once it is compiled.
TEST_P(AnnotationMistakes, AreFoundWithTheirPosition) {
  expect_mistake(compile_schema(GetParam().text), GetParam());
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
        Mistake{"definition abc {\n permission view = nil->view\n}", "schema.syntax",
                "2:23: expected `;` or the end of the line, found `->`"},
        Mistake{"definition abc {\n permission view = owner.each(view)\n}", "schema.syntax",
                "2:26: expected `any` or `all`"},
        Mistake{"definition abc {\n permission view = owner | other\n}", "schema.syntax",
                "2:26: expected `;` or"},
        Mistake{"definition abc {\n permission view = owner && other\n}", "schema.syntax",
                "2:27: expected a name, found `&`"},
        Mistake{"definition abc {\n permission view: abc = nil\n}", "schema.syntax",
                "2:17: expected `=`, found `:`"},
        Mistake{"definition abc {\n relation owner: user#...\n}", "schema.syntax", "3:1: expected `;`"},
        Mistake{"definition abc {\n relation owner:\n}", "schema.syntax", "3:1: expected a name, found `}`"},
        Mistake{"definition abc {\n relation owner: abc\n from grants\n}", "schema.syntax",
                "3:2: expected `relation`"},
        Mistake{"definition abc {\n relation owner: abc from roles\n}", "schema.syntax",
                "2:27: expected `grants`"},
        Mistake{"definition abc {\n relation owner: abc:nobody\n}", "schema.syntax", "2:22: expected `*`"},
        Mistake{"definition relation {}", "schema.syntax", "1:12: expected a name, found `relation`"},
        Mistake{"definition abc/ {}", "schema.syntax", "1:17: expected a name, found `{`"},
        Mistake{"definition abc { \"quoted\" }", "schema.syntax",
                "1:18: expected `relation`, `permission` or `}`, found a quoted text"},
        Mistake{"definition abc {} @", "schema.syntax", "1:19: this character has no meaning here"},
        Mistake{"definition abc {} ?", "schema.syntax", "1:19: expected `definition` or `caveat`, found `?`"},
        Mistake{"definition abc {}\r\r\n?", "schema.syntax", "3:1: expected `definition`"},
        Mistake{"definition \xc3\xa4 {}", "schema.syntax", "1:12: this character"},
        Mistake{"definition abc {} 'open\n'", "schema.syntax", "1:19: this text is not closed"},
        Mistake{"definition abc {} '''open\n''", "schema.syntax", "1:19: this text is not closed"},
        Mistake{"definition abc {} '''open\"\"\"", "schema.syntax", "1:19: this text is not closed"},
        Mistake{"// fine\n/* not", "schema.syntax", "2:1: this comment is not closed"},
        Mistake{"relation owner: user", "schema.syntax",
                "1:1: expected `definition` or `caveat`, found `relation`"}));

INSTANTIATE_TEST_SUITE_P(
    Uses, SchemaMistakes,
    testing::Values(
        Mistake{"use wings\ndefinition abc {}", "schema.syntax",
                "1:5: `use` knows expiration, import, partial, self, typechecking"},
        Mistake{"use\nself", "schema.syntax", "1:4: `use` knows"},
        Mistake{"definition abc {}\nuse self", "schema.syntax",
                "2:1: `use` comes before the first definition and caveat"},
        Mistake{"caveat odd(day int) { true }\nuse self", "schema.syntax", "2:1: `use` comes before"},
        Mistake{"partial abc {}", "schema.syntax", "1:1: `partial` needs the line `use partial` first"},
        Mistake{"import 'abc'", "schema.syntax", "1:1: `import` needs the line `use import` first"},
        Mistake{"use import\nimport abc", "schema.syntax", "2:8: expected the name of a file in quotes"},
        Mistake{"use self\ndefinition abc {\n relation self: abc\n}", "schema.syntax",
                "3:11: expected a name, found `self`"},
        Mistake{"use self\ndefinition abc {\n relation one: abc\n permission two = one->self\n}",
                "schema.syntax", "4:24: expected a name, found `self`"},
        Mistake{"use self\ndefinition abc {\n permission two = self->view\n}", "schema.syntax",
                "3:23: expected `;`"},
        Mistake{"use expiration\ndefinition abc {\n relation and: abc\n}", "schema.syntax",
                "3:11: expected a name, found `and`"},
        Mistake{"use expiration\ndefinition abc {\n relation one: abc with expiration and two\n}",
                "schema.syntax", "3:36: the caveat comes first"},
        Mistake{"use expiration\ndefinition abc {\n relation one: abc with two and three\n}", "schema.syntax",
                "3:33: expected `expiration`"},
        Mistake{"definition abc {\n relation one: abc with two and expiration\n}", "schema.syntax",
                "2:29: expected `;`"},
        Mistake{"definition abc {\n permission two = self\n}", "schema.type",
                "2:19: `abc` has no relation or permission `self`"}));

INSTANTIATE_TEST_SUITE_P(
    Caveats, SchemaMistakes,
    testing::Values(
        Mistake{"caveat odd() { true }", "schema.syntax", "1:12: expected a name, found `)`"},
        Mistake{"caveat odd(day) { true }", "schema.syntax", "1:15: expected a name, found `)`"},
        Mistake{"caveat odd(day int) true", "schema.syntax", "1:21: expected `{`"},
        Mistake{"caveat odd(day int) { {day }", "schema.syntax",
                "1:29: expected `}` at the end of the caveat"},
        Mistake{R"(caveat odd(day int) { day == "a\"b" })", "schema.syntax", "1:35: this text is not closed"},
        Mistake{"caveat odd(day int) { day ^ 2 }", "schema.syntax",
                "1:27: this character has no meaning here"},
        Mistake{"caveat odd(day int, day int) { true }", "schema.name",
                "1:21: `odd` has two parameters `day`"},
        Mistake{"caveat odd(day number) { true }", "schema.name", "1:16: caveats have no type `number`"},
        Mistake{"caveat odd(day list) { true }", "schema.name", "1:16: `list` takes one type in <>"},
        Mistake{"caveat odd(day map<int, int>) { true }", "schema.name", "1:16: `map` takes one type in <>"},
        Mistake{"caveat odd(day int<int>) { true }", "schema.name", "1:16: `int` takes no type in <>"},
        Mistake{"caveat abc(day int) { true }\ndefinition abc {}", "schema.name",
                "1:8: `abc` is defined twice"},
        Mistake{"definition abc {\n relation one: abc with odd\n}", "schema.type",
                "2:25: there is no caveat `odd`"},
        Mistake{"definition abc {\n relation one: abc with expiration\n}", "schema.type",
                "2:25: there is no caveat `expiration`; expiration needs the line `use expiration`"}));

INSTANTIATE_TEST_SUITE_P(
    Later, SchemaMistakes,
    testing::Values(Mistake{"definition abc {}\ncaveat odd(day int) { day % 2 == 1 }", "schema.unavailable",
                            "2:8: caveats are not available yet."},
                    Mistake{"use expiration\ndefinition abc {\n relation one: abc | abc with expiration\n}",
                            "schema.unavailable", "3:31: expiration is not available yet."},
                    Mistake{"use import\nimport 'abc'", "schema.unavailable",
                            "2:8: imports are not available yet."},
                    Mistake{"use partial\npartial abc {\n relation one: abc\n}", "schema.unavailable",
                            "2:9: partials are not available yet."},
                    Mistake{"definition abc {\n ...other\n}", "schema.unavailable", "2:2: partials"}));

INSTANTIATE_TEST_SUITE_P(
    Names, SchemaMistakes,
    testing::Values(Mistake{"definition ab {}", "schema.name", "1:12: `ab` is not a name"},
                    Mistake{"definition Abc {}", "schema.name", "1:12: `Abc`"},
                    Mistake{"definition abc_ {}", "schema.name", "1:12: `abc_`"},
                    Mistake{"definition 1abc {}", "schema.name", "1:12: `1abc`"},
                    Mistake{"definition abc/de {}", "schema.name", "1:16: `de`"},
                    Mistake{"definition abc {\n relation ab: abc\n}", "schema.name", "2:11: `ab`"},
                    Mistake{"definition abc {\n relation one: abc#No1\n}", "schema.name", "2:20: `No1`"},
                    Mistake{"definition abc {}\ndefinition abc {}", "schema.name",
                            "2:12: `abc` is defined twice"},
                    Mistake{"definition abc {\n relation own-er: abc\n}", "schema.syntax",
                            "2:14: expected `:`, found `-`"}));

INSTANTIATE_TEST_SUITE_P(
    Types, SchemaMistakes,
    testing::Values(Mistake{"definition abc {\n relation owner: abc\n permission owner = nil\n}",
                            "schema.type", "3:13: `owner` is declared twice"},
                    Mistake{"definition abc {\n relation owner: user\n}", "schema.type",
                            "2:18: there is no definition `user`"},
                    Mistake{"definition abc {\n relation owner: abc#other\n}", "schema.type",
                            "2:18: `abc` has no relation or permission `other`"},
                    Mistake{"definition abc {\n relation owner: abc | abc\n}", "schema.type",
                            "2:24: `owner` allows this type twice"},
                    Mistake{"definition abc {\n relation owner: abc | abc#...;\n}", "schema.type",
                            "2:24: `owner` allows this type twice"},
                    Mistake{"definition abc {\n relation owner: abc:* | abc:*\n}", "schema.type",
                            "2:26: `owner` allows this type twice"},
                    Mistake{"definition abc {\n permission view = owner\n}", "schema.type",
                            "2:20: `abc` has no relation or permission `owner`"},
                    Mistake{"definition abc {\n relation one: abc\n permission view = one - edit\n}",
                            "schema.type", "3:26: `abc` has no relation or permission `edit`"},
                    Mistake{"definition abc {\n permission view = owner->view\n}", "schema.type",
                            "2:20: `abc` has no relation"},
                    Mistake{"definition abc {\n permission view = nil\n permission edit = view->edit\n}",
                            "schema.type", "3:20: an arrow starts at a stored relation"},
                    Mistake{"definition abc {\n permission view = edit\n permission edit = view\n}",
                            "schema.type", "2:13: this permission only stands for itself"},
                    Mistake{"definition abc {\n permission view = view\n}", "schema.type",
                            "2:13: this permission only stands"}));

INSTANTIATE_TEST_SUITE_P(
    Wildcards, SchemaMistakes,
    testing::Values(
        Mistake{"definition abc {\n relation all: abc:*\n relation two: abc | abc#all\n}", "schema.type",
                "3:22: `abc#all` allows everybody (a wildcard)"},
        Mistake{"definition abc {\n relation one: abc#two\n relation two: abc#all\n relation all: abc:*\n}",
                "schema.type", "3:16: `abc#all` allows everybody"},
        Mistake{"definition abc {\n relation all: abc | abc:*\n permission two = nil + (nil - all->two)\n}",
                "schema.type", "3:32: an arrow cannot start at `all`"},
        Mistake{"definition abc {\n relation member: abc:*\n relation read: abc#member from grants\n}",
                "schema.type", "3:17: `abc#member` allows everybody"},
        Mistake{"definition abc {\n relation read: abc:* from grants\n}", "schema.type",
                "2:11: a relation from grants has one type"}));

INSTANTIATE_TEST_SUITE_P(
    All, AnnotationMistakes,
    testing::Values(
        Mistake{"use typechecking\ndefinition user {}\ndefinition abc {\n relation one: abc | user:*\n "
                "permission two: user = nil + (one & one)\n}",
                "schema.type", "5:13: `two` can be held by a abc, which is not among"},
        Mistake{"use typechecking use self\ndefinition user {}\ndefinition abc {\n relation one: abc#two\n "
                "permission two: user = one->three\n permission three = self\n}",
                "schema.type", "5:13: `two` can be held by a abc"},
        Mistake{"use typechecking\ndefinition abc {\n permission two: user = nil\n}", "schema.type",
                "3:18: there is no definition `user`"}));

INSTANTIATE_TEST_SUITE_P(
    Grants, SchemaMistakes,
    testing::Values(Mistake{"definition abc {\n relation read: abc from grants\n}", "schema.type",
                            "2:11: a relation from grants has one type"},
                    Mistake{"definition abc {\n relation one: abc\n permission two = one\n relation read: "
                            "abc#two from grants\n}",
                            "schema.type", "4:11: a relation from grants is held through a stored relation"},
                    Mistake{"definition abc {\n relation one: abc\n relation two: abc\n relation read: "
                            "abc#one from grants\n relation edit: abc#two from grants\n}",
                            "schema.type", "5:11: all relations from grants of `abc` need the same type"},
                    Mistake{
                        "definition abc {\n relation one: abc\n relation read: abc#one from deny grants\n}",
                        "schema.syntax", "3:30: expected `grants`"}));

std::string repeated(std::string text, std::string_view part, int count) {
  for (int i = 0; i < count; ++i) text += part;
  return text;
}

TEST(SchemaLimits, HoldForSizeDepthAndNumbers) {
  auto reason = [](const std::string& text, const SchemaLimits& limits = {}) {
    const auto schema = resolve(text, limits);
    return schema ? std::string("fine") : std::string(schema.error().reason.slug());
  };
  auto nested = [](int depth) {
    return in_document(repeated(repeated("permission view = ", "(", depth) + "nil", ")", depth));
  };
  auto many = [](int count) {
    std::string body;
    for (int i = 0; i < count; ++i) body += fmt::format("relation rel{}: user\n", i);
    return in_document(body);
  };
  const std::string long_text(65 * 1024, ' ');
  EXPECT_EQ(reason(long_text), "schema.limit");
  EXPECT_EQ(reason(long_text, {.text_bytes = 66 * 1024}), "fine");
  EXPECT_EQ(reason(nested(64)), "fine");
  EXPECT_EQ(reason(nested(65)), "schema.limit");
  EXPECT_EQ(reason(nested(20'000)), "schema.limit");
  EXPECT_EQ(reason(many(512)), "fine");
  EXPECT_EQ(reason(many(513)), "schema.limit");
  EXPECT_EQ(reason("definition aaa {}\ndefinition bbb {}", {.definitions = 1}), "schema.limit");
  EXPECT_EQ(reason(repeated("use self\n", "use self\n", 1024)), "schema.limit");
  EXPECT_EQ(reason(in_document(repeated("permission view = nil", "+nil", 1023))), "fine");
  EXPECT_EQ(reason(in_document(repeated("permission view = nil", "+nil", 1024))), "schema.limit");
  EXPECT_EQ(reason(in_document(repeated("relation one: user", "|group", 1024))), "schema.limit");
  EXPECT_EQ(reason(in_document(repeated("", "...one\n", 513))), "schema.limit");
  EXPECT_EQ(reason(repeated("caveat odd(one int", ", two int", 64) + ") { true }"), "schema.limit");
  EXPECT_EQ(reason(repeated(repeated("caveat odd(one ", "list<", 63) + "int", ">", 63) + ") { true }"),
            "schema.unavailable");
  EXPECT_EQ(reason(repeated(repeated("caveat odd(one ", "list<", 64) + "int", ">", 64) + ") { true }"),
            "schema.limit");
  EXPECT_EQ(reason("definition " + repeated("abc", "/abc", 40) + " {}"), "schema.name");
  EXPECT_EQ(reason("caveat " + repeated("a", "/a", 100) + "(one int) { true }"), "schema.name");
}

}  // namespace
}  // namespace allauth::policy
