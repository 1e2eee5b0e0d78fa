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

}  // namespace
}  // namespace allauth::policy
