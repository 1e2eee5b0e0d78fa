// Trees by example, and against the oracle on random schemas and relationships.
#include "policy/expand.h"

#include <random>

#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include "policy/test_text.h"
#include "policy/testing/expansions.h"
#include "policy/testing/random_world.h"

namespace allauth::policy {
namespace {

constexpr std::string_view kDocs =
    "use self\n"
    "definition user {\n permission same = self\n}\n"
    "definition group {\n relation member: user | group#member\n}\n"
    "definition role {\n relation member: user\n}\n"
    "definition team {}\n"
    "definition folder {\n"
    " relation parent: folder\n"
    " relation read: role#member from grants\n"
    " permission view = read + parent->view\n"
    "}\n"
    "definition doc {\n"
    " relation parent: folder | team\n"
    " relation viewer: user | user:* | group#member\n"
    " relation banned: user\n"
    " permission view = viewer\n"
    " permission none = nil\n"
    " permission open = view & parent->view - banned\n"
    " permission kept = parent.all(view)\n"
    "}\n";

// On one line: relation(children) with |, & and -, subjects in brackets.
std::string print(const Expansion& tree, std::uint32_t at = 0) {
  const Expansion::Node& node = tree.nodes[at];
  const auto listed = [](const std::vector<SubjectRef>& subjects) {
    std::vector<std::string> words;
    for (const SubjectRef& one : subjects)
      words.push_back(fmt::format("{}:{}{}{}", one.object.kind, one.object.id,
                                  one.relation.empty() ? "" : "#", one.relation));
    return fmt::format("[{}]", fmt::join(words, " "));
  };
  const std::string name = fmt::format("{}:{}#{}", node.object.kind, node.object.id, node.relation);
  if (node.again) return name + " again";
  if (node.kind == Expansion::Node::Kind::leaf)
    return name + listed(node.subjects) + (node.denied.empty() ? "" : " denied " + listed(node.denied));
  constexpr std::array<std::string_view, 4> kSigns = {"", "|", "&", "-"};
  std::vector<std::string> parts;
  for (const std::uint32_t child : node.children) parts.push_back(print(tree, child));
  const std::string_view sign = kSigns[static_cast<std::size_t>(node.kind)];
  return fmt::format("{}{}({})", name, sign, fmt::join(parts, ", "));
}

class Expand : public testing::Test {
 protected:
  std::string tree(std::string_view object, std::string_view permission) {
    const auto found = expand(world_->graph(), {parse_subject(object)->object, permission});
    return found ? print(*found) : std::string(found.error().reason.slug());
  }
  void relate(std::initializer_list<std::string_view> edges) {
    for (const std::string_view text : edges) ASSERT_TRUE(world_->relate(parse_edge(text).value()).value());
  }

  std::unique_ptr<World> world_ = World::make(kDocs).value();
};

TEST_F(Expand, LeavesUsersetsAsTheyAreBehindObjects) {
  relate({"doc:d#viewer@group:g#member", "doc:d#viewer@user:zoe", "doc:d#viewer@user:*",
          "group:g#member@user:x"});
  EXPECT_EQ(tree("doc:d", "viewer"), "doc:d#viewer[user:* user:zoe group:g#member]");
  EXPECT_EQ(tree("doc:d", "view"), "doc:d#view|(doc:d#viewer[user:* user:zoe group:g#member])");
}

TEST_F(Expand, MirrorsOperatorsAndArrows) {
  relate({"doc:d#viewer@user:ann", "doc:d#banned@user:eve", "doc:d#parent@folder:f", "doc:d#parent@team:t"});
  EXPECT_EQ(tree("doc:d", "open"),
            "doc:d#open-(doc:d#open&(doc:d#view|(doc:d#viewer[user:ann]), "
            "doc:d#open|(folder:f#view|(folder:f#read[], folder:f#view|()), team:t#view[])), "
            "doc:d#banned[user:eve])");
  EXPECT_EQ(tree("doc:d", "kept"),
            "doc:d#kept|(doc:d#kept&(folder:f#view|(folder:f#read[], folder:f#view|()), team:t#view[]))");
}

TEST_F(Expand, HasEmptyLeavesAndSelf) {
  EXPECT_EQ(tree("doc:d", "none"), "doc:d#none|(doc:d#none[])");
  EXPECT_EQ(tree("user:ann", "same"), "user:ann#same|(user:ann#same[user:ann])");
  EXPECT_EQ(tree("doc:unknown", "view"), "doc:unknown#view|(doc:unknown#viewer[])");
}

TEST_F(Expand, ShowsWhatRolesAreGrantedAndDenied) {
  ASSERT_TRUE(world_->grant({"folder", "f"}, "r", Effect::allow, {"read"}).value());
  ASSERT_TRUE(world_->grant({"folder", "f"}, "bad", Effect::deny, {"read"}).value());
  EXPECT_EQ(tree("folder:f", "read"), "folder:f#read[role:r#member] denied [role:bad#member]");
}

TEST_F(Expand, GoesRoundACycleOnce) {
  relate({"folder:a#parent@folder:b", "folder:b#parent@folder:a"});
  EXPECT_EQ(tree("folder:a", "view"),
            "folder:a#view|(folder:a#read[], "
            "folder:a#view|(folder:b#view|(folder:b#read[], folder:b#view|(folder:a#view again))))");
}

TEST_F(Expand, RefusesWhatItDoesNotKnowOrIsTooLarge) {
  EXPECT_EQ(tree("robot:r", "view"), "policy.kind.unknown");
  EXPECT_EQ(tree("doc:d", "fly"), "policy.permission.unknown");
  EXPECT_EQ(tree("doc:*", "view"), "policy.id.invalid");
  const auto large = expand(world_->graph(), {{"doc", "d"}, "open", {.max_work = 2}});
  EXPECT_EQ(large.error().reason, Reason("policy.work.exceeded"));
}

TEST(Expansions, HoldWhomTheOracleAllows) {
  std::size_t compared = 0;
  for (unsigned seed = 0; seed < 100; ++seed) {
    std::mt19937 random(seed);
    const std::string schema = random_schema(random);
    const auto world = World::make(schema).value();
    fill(*world, random);
    if (world->graph().has_closed()) continue;  // a tree is what a permission says, open or closed
    for (const ResolvedDefinition& kind : world->language().definitions) {
      for (const ObjectRef& subject : {ObjectRef{"user", "a"}, ObjectRef{kind.name, "b"}}) {
        const std::string difference = expansions_difference(*world, {kind.name, "a"}, subject, compared);
        ASSERT_TRUE(difference.empty())
            << fmt::format("seed {}\n{}\n{}\n{}", seed, schema, fmt::join(world->facts(), "\n"), difference);
      }
    }
  }
  EXPECT_GT(compared, 1'000u);
}

}  // namespace
}  // namespace allauth::policy
