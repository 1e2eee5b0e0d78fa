#include "policy/restrictions.h"

#include <random>

#include <gtest/gtest.h>

#include "policy/check.h"
#include "policy/core_schema.h"
#include "policy/lookup_resources.h"
#include "policy/test_text.h"

namespace allauth::policy {
namespace {

Graph graph_of(std::initializer_list<std::string_view> relationships) {
  Graph::Editor editor{Graph(core_schema())};
  for (const auto text : relationships) EXPECT_TRUE(editor.add(parse_edge(text).value())) << text;
  return editor.freeze();
}

TEST(Scopes, AreReadAndWrittenAsText) {
  EXPECT_EQ(to_text(parse_scope("client read").value()), "client read * *");
  EXPECT_EQ(to_text(parse_scope("client read d1").value()), "client read d1 *");
  EXPECT_EQ(to_text(parse_scope("channel publish * ch:1@x").value()), "channel publish * ch:1@x");
  EXPECT_EQ(to_text(parse_scope("shop/document view * a/b").value()), "shop/document view * a/b");
  EXPECT_EQ(to_text(make_scope("*", "*", "", "").value()), "* * * *");
  for (const std::string bad :
       {"", "client", "client ", "Client read", "client read d1 c1 more", "client rea-d", "a/b/c read",
        "/b read", "client read d/1", "client read * a*", "client read  c1", "client read * c\x7F",
        "client can_read"}) {
    const auto scope = parse_scope(bad);
    ASSERT_FALSE(scope) << bad;
    EXPECT_EQ(scope.error().reason, Reason("scope.invalid")) << bad;
  }
  EXPECT_FALSE(make_scope(std::string(65, 'a'), "read", "", ""));
  EXPECT_FALSE(make_scope("client", "read", "", std::string(1025, 'a')));
}

TEST(Scopes, CoverAnObjectOfTheirKindOrAllThatLiesInAContainer) {
  struct Case {
    const char* scope;
    Ask ask;
    bool covered;
  };
  const ObjectRef client{"client", "c1"}, domain{"domain", "d1"}, platform{"platform", "main"};
  for (const Case& given : {
           Case{"client read", {"can_read", client, "d1"}, true},
           Case{"client read", {"can_update", client, "d1"}, false},
           Case{"client * d1", {"can_update", client, "d1"}, true},
           Case{"client * d2", {"can_update", client, "d1"}, false},
           Case{"client * d1", {"can_update", client}, false},
           Case{"client read * c1", {"can_read", client, "d1"}, true},
           Case{"client read * c2", {"can_read", client, "d1"}, false},
           Case{"client create d1", {"can_client_create", domain, "d1"}, true},
           Case{"client create d2", {"can_client_create", domain, "d1"}, false},
           Case{"client create", {"can_client_create", {"group", "g1"}, "d1"}, true},
           Case{"client create * c1", {"can_client_create", domain, "d1"}, false},
           Case{"client *", {"can_client_create", domain, "d1"}, true},
           Case{"client create", {"can_channel_create", domain, "d1"}, false},
           Case{"* create", {"can_channel_create", domain, "d1"}, true},
           Case{"* reate", {"can_channel_create", domain, "d1"}, false},
           Case{"* create", {"can_create", client, "d1"}, true},
           Case{"domain client_create", {"can_client_create", domain, "d1"}, true},
           Case{"domain *", {"can_client_read", domain, "d1"}, true},
           Case{"domain *", {"can_read", client, "d1"}, false},
           Case{"domain read d1", {"can_domain_read", platform}, false},
           Case{"domain read", {"can_domain_read", platform}, true},
           Case{"dashboard share d1", {"can_share", {"dashboard", "x"}, "d1"}, true},
           Case{"shop/document view", {"view", {"shop/document", "x"}}, true},
       }) {
    const Restrictions restrictions{{parse_scope(given.scope).value()}};
    EXPECT_EQ(covers(restrictions, given.ask), given.covered)
        << given.scope << ": " << given.ask.permission << " on " << given.ask.object.kind;
  }
  EXPECT_FALSE(covers(Restrictions{}, {"can_read", client, "d1"}));
}

TEST(Scopes, SayWhichObjectsOfAKindTheyCover) {
  const auto of = [](std::initializer_list<const char*> scopes, std::string_view kind,
                     std::string_view domain) {
    Restrictions restrictions;
    for (const auto* scope : scopes) restrictions.scopes.push_back(parse_scope(scope).value());
    const auto found = covered(restrictions, kind, "can_read", domain);
    std::string text = found.all ? "all" : "";
    for (const auto id : found.ids) text.append(text.empty() ? "" : " ").append(id);
    return text;
  };
  EXPECT_EQ(of({"client read d1"}, "client", "d1"), "all");
  EXPECT_EQ(of({"client read d1"}, "client", "d2"), "");
  EXPECT_EQ(
      of({"client read * c2", "client * d1 c1", "client read * c2", "client update * c3"}, "client", "d1"),
      "c1 c2");
  EXPECT_EQ(of({"client read * c2", "* * d1"}, "client", "d1"), "all");
  EXPECT_EQ(of({"domain read d1", "domain read * d2", "domain read d3 d4"}, "domain", ""), "d1 d2");
  EXPECT_EQ(of({"domain *"}, "domain", ""), "all");
  EXPECT_EQ(of({"domain update"}, "domain", ""), "");
}

TEST(Scopes, FindTheDomainThatAThingLiesIn) {
  const Graph graph = graph_of({"client:c1#domain@domain:d1", "group:g1#domain@domain:d1",
                                "role:r1#scope@domain:d1", "role:r2#scope@client:c1",
                                "role:r3#scope@platform:main", "domain:d1#platform@platform:main"});
  const auto of = [&](std::string_view kind, std::string_view id) {
    return std::string(domain_of(graph, {kind, id}, graph.find(*graph.schema().find_definition(kind), id)));
  };
  for (const auto& [kind, id] : {std::pair("client", "c1"), std::pair("group", "g1"), std::pair("role", "r1"),
                                 std::pair("role", "r2"), std::pair("domain", "d1")})
    EXPECT_EQ(of(kind, id), "d1") << kind << " " << id;
  EXPECT_EQ(of("domain", "d9"), "d9");
  EXPECT_EQ(of("role", "r3"), "");
  EXPECT_EQ(of("client", "c9"), "");
  EXPECT_EQ(of("platform", "main"), "");
}

// The rule again, written down otherwise: by what a permission is called on each kind.
bool slowly_covers(const Restrictions& restrictions, const std::string& permission, const std::string& kind,
                   const std::string& id, const std::string& domain) {
  const std::string operation = permission.substr(4);
  for (const Scope& scope : restrictions.scopes) {
    if (!scope.domain.empty() && scope.domain != domain) continue;
    if ((scope.kind == "*" || scope.kind == kind) &&
        (scope.operation == "*" || scope.operation == operation) && (scope.id == "*" || scope.id == id))
      return true;
    for (std::size_t cut = 1; cut + 1 < operation.size(); ++cut)
      if (operation[cut] == '_' && scope.id == "*" &&
          (scope.kind == "*" || scope.kind == operation.substr(0, cut)) &&
          (scope.operation == "*" || scope.operation == operation.substr(cut + 1)))
        return true;
  }
  return false;
}

class RandomScopes {
 public:
  explicit RandomScopes(unsigned seed) : random_(seed) {}
  template <std::size_t N>
  const char* pick(const char* const (&of)[N]) {
    return of[random_() % N];
  }
  Restrictions make() {
    Restrictions restrictions;
    for (std::size_t left = random_() % 4; left > 0; --left)
      restrictions.scopes.push_back(
          make_scope(pick(kKinds), pick(kOperations), pick(kDomains), pick(kIds)).value());
    return restrictions;
  }

  static constexpr const char* kKinds[] = {"client", "channel", "domain", "group", "role", "*"};
  static constexpr const char* kOperations[] = {"read", "update", "create", "client_read", "publish", "*"};
  static constexpr const char* kDomains[] = {"", "", "d1", "d2"};
  static constexpr const char* kIds[] = {"*", "*", "a1", "b1", "d1", "g2"};

 private:
  std::mt19937 random_;
};

// All rights, so that scopes alone decide: a check with scopes is what the rule says, and a look-up lists
// those for which a check says yes.
TEST(Scopes, DecideAsTheRuleSaysInChecksAndLookUps) {
  struct Thing {
    std::string kind, id, domain;
  };
  std::vector<Thing> things;
  const Graph base(core_schema());
  Graph::Editor editor(base);
  const auto add = [&](const Edge& edge) { ASSERT_TRUE(editor.add(edge)); };
  const std::vector<std::string_view> administer{"administer"};
  ASSERT_TRUE(editor.set_grants({"platform", "main"}, "r1", Effect::allow, administer));
  add({{"role", "r1"}, "member", {{"user", "u1"}}});
  for (const std::string domain : {"d1", "d2"}) {
    add({{"domain", domain}, "platform", {{"platform", "main"}}});
    things.push_back({"domain", domain, domain});
    for (const std::string kind : {"client", "channel", "group"})
      for (const std::string id : {"a", "b", "g"}) {
        things.push_back({kind, id + domain.substr(1), domain});
        add({{kind, things.back().id}, "domain", {{"domain", domain}}});
      }
  }
  const Graph graph = editor.freeze();
  const Engine engine;
  RandomScopes random(20261);
  for (int round = 0; round < 300; ++round) {
    const Restrictions restrictions = random.make();
    for (const auto& thing : things) {
      for (const std::string permission :
           {"can_read", "can_update", "can_client_create", "can_client_read"}) {
        if (permission.contains("client_") && thing.kind != "domain" && thing.kind != "group") continue;
        const CheckQuery query{.subject = {{"user", "u1"}},
                               .restrictions = &restrictions,
                               .permission = permission,
                               .object = {thing.kind, thing.id}};
        const auto decision = engine.check(graph, 1, query).value();
        ASSERT_EQ(decision.allowed(),
                  slowly_covers(restrictions, permission, thing.kind, thing.id, thing.domain))
            << permission << " on " << thing.kind << " " << thing.id
            << (restrictions.scopes.empty() ? "" : ", first scope " + to_text(restrictions.scopes[0]));
        ASSERT_EQ(engine.explain(graph, 1, query)->decision.allowed(), decision.allowed());
      }
    }
    for (const std::string kind : {"client", "group", "domain"}) {
      std::vector<std::string> expected;
      for (const auto& thing : things)
        if (thing.kind == kind && slowly_covers(restrictions, "can_read", kind, thing.id, thing.domain))
          expected.push_back(thing.id);
      std::ranges::sort(expected);
      const auto page = lookup_resources(graph, 1,
                                         {.subject = {{"user", "u1"}},
                                          .restrictions = &restrictions,
                                          .permission = "can_read",
                                          .kind = kind});
      ASSERT_TRUE(page);
      ASSERT_EQ(page->ids, expected);
    }
  }
}

}  // namespace
}  // namespace allauth::policy
