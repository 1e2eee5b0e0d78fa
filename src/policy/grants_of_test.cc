#include "policy/grants_of.h"

#include <algorithm>
#include <random>

#include <gtest/gtest.h>

#include "policy/check.h"
#include "policy/core_schema.h"
#include "policy/test_text.h"

namespace allauth::policy {
namespace {

using Names = std::vector<std::string_view>;

constexpr ObjectRef kAnn{"user", "ann"};

TEST(GrantsOf, AreThoseOfAllRolesTogetherByObject) {
  Graph::Editor editor{Graph(core_schema())};
  const auto grant = [&](const ObjectRef& object, const char* role, Effect effect, const Names& actions) {
    ASSERT_TRUE(editor.set_grants(object, role, effect, actions));
  };
  for (const char* member : {"role:r2#member@user:ann", "role:r1#member@user:ann", "role:r3#member@user:bob"})
    ASSERT_TRUE(editor.add(parse_edge(member).value()));
  grant({"domain", "d1"}, "r1", Effect::allow, {"update", "read"});
  grant({"domain", "d1"}, "r2", Effect::allow, {"read", "client_read"});
  grant({"domain", "d1"}, "r2", Effect::deny, {"update"});
  grant({"client", "c1"}, "r2", Effect::allow, {"key"});
  grant({"domain", "d2"}, "r3", Effect::allow, {"read"});
  const Graph graph = editor.freeze();
  const auto found = grants_of(graph, kAnn).value();
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[0].object, (ObjectRef{"client", "c1"}));
  EXPECT_EQ(found[1].object, (ObjectRef{"domain", "d1"}));
  EXPECT_EQ(found[1].allowed, (Names{"client_read", "read", "update"}));
  EXPECT_EQ(found[1].denied, (Names{"update"}));
  EXPECT_EQ(found[1].roles, (std::vector<ObjectRef>{{"role", "r1"}, {"role", "r2"}}));
  EXPECT_TRUE(grants_of(graph, {"user", "nobody"}).value().empty());
  EXPECT_EQ(grants_of(graph, {"planet", "x"}).error().reason, Reason("policy.kind.unknown"));
  EXPECT_EQ(grants_of(graph, kAnn, {.max_work = 3}).error().reason, Reason("policy.work.exceeded"));
}

// What is listed as allowed and not as denied there, a check of the action itself allows; what is denied,
// none does.
TEST(GrantsOf, AgreeWithChecks) {
  std::mt19937 random(7);
  const auto any = [&](std::initializer_list<std::string_view> of) {
    return of.begin()[random() % of.size()];
  };
  for (int round = 0; round < 50; ++round) {
    Graph::Editor editor{Graph(core_schema())};
    for (int i = 0; i < 6; ++i)
      (void)editor.add({{"role", any({"r1", "r2", "r3"})}, "member", {{"user", any({"ann", "bob"})}}})
          .value();
    for (int i = 0; i < 12; ++i) {
      Names actions;
      for (const auto action : {"read", "update", "delete"})
        if (random() % 2 == 0) actions.push_back(action);
      (void)editor
          .set_grants({any({"domain", "client"}), any({"a", "b"})}, any({"r1", "r2", "r3"}),
                      random() % 3 == 0 ? Effect::deny : Effect::allow, actions)
          .value();
    }
    const Graph graph = editor.freeze();
    std::size_t listed = 0;
    for (const GrantsOnObject& grants : grants_of(graph, kAnn).value()) {
      for (const std::string_view action :
           core_schema()->actions(*core_schema()->find_definition(grants.object.kind))) {
        const auto in = [&](const Names& names) { return std::ranges::find(names, action) != names.end(); };
        const bool expected = in(grants.allowed) && !in(grants.denied);
        listed += expected ? 1 : 0;
        const Engine engine;
        const auto decision =
            engine.check(graph, 1, {.subject = {kAnn}, .permission = action, .object = grants.object});
        EXPECT_EQ(decision->allowed(), expected)
            << grants.object.kind << " " << grants.object.id << " " << action;
      }
    }
    std::size_t held = 0;
    for (const std::string_view kind : {"domain", "client"})
      for (const std::string_view id : {"a", "b"})
        for (const std::string_view action : {"read", "update", "delete"})
          held += Engine()
                      .check(graph, 1, {.subject = {kAnn}, .permission = action, .object = {kind, id}})
                      ->allowed();
    EXPECT_EQ(listed, held) << "and nothing is missing";
  }
}

}  // namespace
}  // namespace allauth::policy
