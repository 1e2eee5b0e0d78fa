#include "server/cli/resource/show.h"

#include <gtest/gtest.h>

#include "server/cli/resource/tree.h"

namespace allauth::server::cli {
namespace {

TEST(ShowThing, HasALineForEachMemberThatIsNotEmpty) {
  const auto thing = parse_json(R"({"id":"1","name":"Plant","tags":["a","b"],"metadata":{"x":1},"route":"",
      "created_at":"2026-11-22T05:12:00.123Z","path":[{"id":"g","name":"Hall 1"},{"id":"h","name":"Line 2"}]})");
  EXPECT_EQ(show_thing(*thing),
            "id          1\nname        Plant\ntags        a, b\nmetadata    {\"x\":1}\n"
            "created_at  2026-11-22T05:12:00Z\npath        Hall 1 / Line 2\n");
}

TEST(ShowThing, TakesTheThingOutOfItsWrapping) {
  EXPECT_EQ(show_thing(*parse_json(R"({"client":{"id":"c"},"key_id":"k","key":"secret"})")),
            "id      c\nkey_id  k\nkey     secret\n");
}

TEST(ShowTable, TakesColumnsFromMembers) {
  const auto answer = parse_json(
      R"({"roles":[{"role":{"id":"1","name":"Night"}},{"role":{"id":"22"}}],"next_page_token":""})");
  std::vector<const Json*> things;
  for (const auto& thing : *list_in(*answer)) things.push_back(&thing);
  EXPECT_EQ(show_table(things, "role.id role.name created_at"), "ID  NAME   CREATED\n1   Night\n22\n");
}

TEST(ParseJson, RefusesWhatIsNone) {
  EXPECT_FALSE(parse_json("<html>"));
  EXPECT_FALSE(parse_json(std::string(1000, '[')));
}

TEST(DrawTree, DrawsBranches) {
  EXPECT_EQ(draw_tree({{"1", "", "Hall 1"},
                       {"2", "1", "Line 1"},
                       {"3", "1", "Line 2"},
                       {"4", "2", "Cell"},
                       {"5", "", "Hall 2"}}),
            "Hall 1  1\n├── Line 1  2\n│   └── Cell  4\n└── Line 2  3\nHall 2  5\n");
  EXPECT_EQ(draw_tree({{"1", "elsewhere", "Line"}}), "Line  1\n");
  EXPECT_EQ(draw_tree({{"1", "2", "a"}, {"2", "1", "b"}}), "");  // no way in
}

}  // namespace
}  // namespace allauth::server::cli
