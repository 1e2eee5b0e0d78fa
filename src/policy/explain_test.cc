#include "policy/explain.h"

#include <gtest/gtest.h>

#include "policy/check.h"
#include "policy/core_schema.h"
#include "policy/test_schema.h"

namespace allauth::policy {
namespace {

TEST(Explanations, AreCutToASizeThatCanBeRead) {
  const auto schema = compile_schema(kFolders).value();
  Graph::Editor editor{Graph(schema)};
  const std::vector<std::string_view> read = {"read"};
  for (int i = 0; i < 50; ++i) {
    const std::string from = std::to_string(i);
    const std::string to = std::to_string(i + 1);
    ASSERT_TRUE(editor.add({{"folder", from}, "parent", {{"folder", to}}}));
    ASSERT_TRUE(editor.set_grants({"folder", "0"}, from, Effect::allow, read));
  }
  const Explanation denied =
      Engine()
          .explain(editor.freeze(), 1,
                   {.subject = {{"user", "u1"}}, .permission = "view", .object = {"folder", "0"}})
          .value();
  EXPECT_FALSE(denied.decision.allowed());
  EXPECT_EQ(denied.missing.size(), Explanation::kMaxMissing);
  EXPECT_TRUE(denied.missing_cut);
  std::size_t roles = 0;
  for (const Missing& missing : denied.missing) roles = std::max(roles, missing.roles.size());
  EXPECT_EQ(roles, Explanation::kMaxRoles);
  const auto lines = denied.lines();
  EXPECT_EQ(lines.size(), Explanation::kMaxMissing + 3);
  EXPECT_EQ(lines.back(), "it would be enough that folder 0 # viewer has user u1");
  EXPECT_TRUE(lines.front().starts_with("user u1 may not view folder 0: it is not in folder 0 # viewer, "));
  EXPECT_TRUE(lines.front().ends_with(" (and more)"));
}

TEST(Explanations, SayWhenTheSchemaHasNoWayAtAll) {
  const Explanation denied =
      Engine()
          .explain(Graph(core_schema()), 1,
                   {.subject = {{"client", "c1"}}, .permission = "can_token", .object = {"user", "u1"}})
          .value();
  EXPECT_EQ(denied.lines(), std::vector<std::string>{"client c1 may not token user u1: by the schema nothing "
                                                     "leads there for a subject of this kind"});
  EXPECT_EQ(denied.rule, "user#can_token");
}

TEST(Explanations, NameTheHoldersOfSomethingAsSuch) {
  Graph::Editor editor{Graph(core_schema())};
  const std::vector<std::string_view> actions = {"client_create"};
  ASSERT_TRUE(editor.set_grants({"domain", "d1"}, "r1", Effect::allow, actions));
  const Explanation allowed = Engine()
                                  .explain(editor.freeze(), 1,
                                           {.subject = {{"role", "r1"}, "member"},
                                            .permission = "can_client_create",
                                            .object = {"domain", "d1"}})
                                  .value();
  EXPECT_EQ(allowed.lines(), (std::vector<std::string>{
                                 "role r1 # member may client_create in domain d1, by domain#client_create",
                                 "domain d1 grants client_create to role r1 # member"}));
}

}  // namespace
}  // namespace allauth::policy
