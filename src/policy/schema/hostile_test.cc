// Schemas within the limits, but as large and as tangled as these allow: they compile in the time that one
// can wait for. What is beyond the limits is in mistakes_test.cc.
#include <gtest/gtest.h>

#include "policy/schema/schema.h"

namespace allauth::policy {
namespace {

constexpr std::size_t kMost = SchemaLimits().text_bytes;

void expect_compiles(const std::string& text) {
  ASSERT_LE(text.size(), kMost);
  const auto schema = compile_schema(text);
  EXPECT_TRUE(schema) << schema.error().message;
}

TEST(HostileSchemas, OfPermissionsThatAllReferToAllCompile) {
  for (const std::string_view op : {" + ", " & ", " - "}) {
    std::string text = "definition user {}\ndefinition doc {\n relation one: user\n";
    for (int i = 0; i < 80; ++i) {
      text += fmt::format(" permission p{:02} = one", i);
      for (int j = 0; j < 80; ++j) text += fmt::format("{}p{:02}", op, j);
      text += "\n";
    }
    expect_compiles(text + "}\n");
  }
}

TEST(HostileSchemas, OfOneLongRingCompile) {
  std::string text;
  for (int i = 0; i < 700; ++i)
    text += fmt::format("definition d{:03} {{\n relation rel: d{:03}\n permission per = rel + rel->per\n}}\n",
                        i, (i + 1) % 700);
  expect_compiles(text);
}

TEST(HostileSchemas, OfUsersetsOfEverythingCompile) {
  std::string text;
  for (int i = 0; i < 60; ++i) {
    text += fmt::format("definition d{:02} {{\n relation rel: d{:02}", i, i);
    for (int j = 0; j < 60; ++j) text += fmt::format(" | d{:02}#rel", j);
    text += "\n permission per = rel->per\n}\n";
  }
  expect_compiles(text);
}

TEST(HostileSchemas, OfNestedOperatorsCompile) {
  std::string text = "definition doc {\n relation one: doc\n";
  for (int i = 0; i < 60; ++i) {
    std::string expr = "one";
    for (int depth = 0; depth < 60; ++depth)
      expr = fmt::format("(one{}{})", depth % 3 == 0 ? " - " : depth % 3 == 1 ? " & " : " + ", expr);
    text += fmt::format(" permission per{:02} = {}\n", i, expr);
  }
  expect_compiles(text + "}\n");
}

// Texts as long as those of SpiceDB can be: what they may take is bounded by itself.
constexpr SchemaLimits kLarge{.text_bytes = 4 * 1024 * 1024};

std::string reason_of(const std::string& text) {
  EXPECT_LE(text.size(), kLarge.text_bytes);
  const auto schema = compile_schema(text, kLarge);
  return schema ? "" : std::string(schema.error().reason.slug());
}

TEST(LargeSchemas, CompileIfTheyArePlain) {
  std::string text = "definition user {}\n";
  for (int i = 0; i < 1000; ++i) {
    text += fmt::format("definition shop/kind{:03} {{\n", i);
    for (int j = 0; j < 30; ++j)
      text += fmt::format("  // who may do number {0} of what there is\n  relation rel{0:02}: user\n", j);
    text += "  permission all = rel00 & rel01 - rel02\n}\n";
  }
  ASSERT_GT(text.size(), std::size_t{1} << 20);
  EXPECT_EQ(reason_of(text), "");
}

// What can hold one permission is not found by walking through all others, once for each.
TEST(LargeSchemas, OfPermissionsWithTypesCompile) {
  std::string targets;
  for (int i = 0; i < 300; ++i) targets += fmt::format(" | d{:03}", i);
  std::string text = "use typechecking\ndefinition user {}\n";
  for (int i = 0; i < 300; ++i) {
    text += fmt::format("definition d{:03} {{\n relation who: user\n relation one: user{}\n", i, targets);
    for (int j = 10; j < 30; ++j) text += fmt::format(" permission p{0}: user = who + one->p{0}\n", j);
    text += "}\n";
  }
  EXPECT_EQ(reason_of(text), "");
}

TEST(LargeSchemas, OfPermissionsThatAllReferToAllAreBounded) {
  std::string text = "definition doc {\n relation one: doc\n";
  for (int i = 0; i < 500; ++i) {
    text += fmt::format(" permission p{:03} = one", i);
    for (int j = 0; j < 1000; ++j) text += fmt::format(" + p{:03}", j % 500);
    text += "\n";
  }
  EXPECT_EQ(reason_of(text + "}\n"), "schema.limit");
}

TEST(LargeSchemas, OfArrowsFromEverythingToEverythingAreBounded) {
  std::string text;
  for (int i = 0; i < 1000; ++i)
    text += fmt::format("definition d{0:03} {{\n relation rel: d{0:03}\n}}\n", i);
  text += "definition doc {\n relation one: d000";
  for (int i = 1; i < 1000; ++i) text += fmt::format(" | d{:03}", i);
  for (int i = 0; i < 400; ++i) {
    text += fmt::format("\n permission p{:03} = one->rel", i);
    for (int j = 0; j < 500; ++j) text += fmt::format(" + one->r{}", 100 + j);
    for (int j = 0; j < 40; ++j) text += fmt::format(" + one.all(r{})", 1000 + 40 * i + j);
  }
  EXPECT_EQ(reason_of(text + "\n}\n"), "schema.limit");
}

}  // namespace
}  // namespace allauth::policy
