#include "policy/graph.h"

#include <map>
#include <random>
#include <set>
#include <string>

#include <gtest/gtest.h>

#include "policy/core_schema.h"
#include "policy/test_text.h"

namespace allauth::policy {
namespace {

Edge edge(std::string_view text) { return parse_edge(text).value(); }

TEST(Graphs, TellWhetherAnEditChangedAnything) {
  Graph::Editor editor{Graph(core_schema())};
  EXPECT_TRUE(editor.add(edge("client:c1#domain@domain:d1")).value());
  EXPECT_FALSE(editor.add(edge("client:c1#domain@domain:d1")).value());
  EXPECT_FALSE(editor.remove(edge("client:c1#domain@domain:d2")).value());
  EXPECT_TRUE(editor.remove(edge("client:c1#domain@domain:d1")).value());
  EXPECT_FALSE(editor.remove(edge("client:c1#domain@domain:d1")).value());
  EXPECT_EQ(editor.freeze().size(), 0u);
}

TEST(Graphs, ReplaceTheGrantsOfARoleOnAnObject) {
  using Actions = std::vector<std::string_view>;
  Graph::Editor editor{Graph(core_schema())};
  const ObjectRef d1{"domain", "d1"};
  auto set = [&](const Actions& actions) {
    return editor.set_grants(d1, "r1", Effect::allow, actions).value();
  };
  auto held = [&](std::string_view action) {
    return editor.freeze().contains({d1, action, {{"role", "r1"}, "member"}});
  };
  EXPECT_FALSE(set({}));
  EXPECT_TRUE(set({"read", "update"}));
  EXPECT_FALSE(set({"update", "read", "read"}));
  EXPECT_TRUE(held("read"));
  EXPECT_TRUE(set({"client_read"}));
  EXPECT_FALSE(held("read"));
  EXPECT_TRUE(held("client_read"));
  EXPECT_EQ(editor.freeze().size(), 1u);
  EXPECT_TRUE(editor.set_grants(d1, "r2", Effect::allow, Actions{"client_read"}).value());
  EXPECT_TRUE(set({}));
  EXPECT_FALSE(held("client_read"));
  EXPECT_EQ(editor.freeze().size(), 1u);
}

TEST(Graphs, DenyOnlyWhatTheSchemaLetsRolesDeny) {
  using Actions = std::vector<std::string_view>;
  Graph::Editor editor{Graph(core_schema())};
  const auto set = [&](Effect effect, const Actions& actions) {
    return editor.set_grants({"domain", "d1"}, "r1", effect, actions);
  };
  EXPECT_EQ(set(Effect::deny, {"read", "role_manage"}).error().reason, Reason("policy.action.never_denied"));
  EXPECT_EQ(editor.freeze().size(), 0u);
  EXPECT_TRUE(set(Effect::deny, {"read", "member_manage"}).value());
  EXPECT_TRUE(set(Effect::allow, {"read", "role_manage"}).value());
  EXPECT_EQ(editor.freeze().size(), 2u);
  EXPECT_TRUE(editor.freeze().has_denials());
}

TEST(Graphs, TakeBackTheGrantsOfARoleThatAreNotKept) {
  using Actions = std::vector<std::string_view>;
  Graph::Editor editor{Graph(core_schema())};
  const Actions read{"read"};
  const ObjectRef c1{"client", "c1"}, c2{"client", "c2"}, d1{"domain", "d1"};
  for (const ObjectRef& object : {c1, c2, d1}) {
    ASSERT_TRUE(editor.set_grants(object, "r1", Effect::allow, read));
    ASSERT_TRUE(editor.set_grants(object, "r2", Effect::allow, read));
  }
  ASSERT_TRUE(editor.set_grants(c2, "r1", Effect::deny, read));
  EXPECT_TRUE(editor.keep_grants({"role", "nobody"}, {}).empty());
  const std::vector<ObjectRef> kept{c1, d1};
  EXPECT_EQ(editor.keep_grants({"role", "r1"}, kept), (std::vector<ObjectRef>{c2, c2}));
  const Graph graph = editor.freeze();
  EXPECT_EQ(graph.size(), 5u);
  EXPECT_FALSE(graph.has_denials());
  EXPECT_FALSE(graph.contains({c2, "read", {{"role", "r1"}, "member"}}));
  EXPECT_TRUE(graph.contains({c2, "read", {{"role", "r2"}, "member"}}));
  EXPECT_TRUE(editor.keep_grants({"role", "r1"}, kept).empty());
}

TEST(Graphs, ReplaceTheOneEdgeOfARelation) {
  Graph::Editor editor{Graph(core_schema())};
  const ObjectRef c1{"client", "c1"};
  const auto put = [&](const char* group) {
    return editor.replace(c1, "group", {{{"group", group}}}).has_value();
  };
  const auto in = [&](const char* group) {
    return editor.freeze().contains({c1, "group", {{"group", group}}});
  };
  EXPECT_TRUE(editor.replace(c1, "group", std::nullopt)) << "nothing to take away";
  EXPECT_TRUE(put("g1"));
  EXPECT_TRUE(put("g1"));
  EXPECT_TRUE(in("g1"));
  EXPECT_TRUE(put("g2"));
  EXPECT_FALSE(in("g1"));
  EXPECT_TRUE(in("g2"));
  EXPECT_EQ(editor.freeze().size(), 1u);
  for (const char* id : {"c1", "c2", "c3"})
    ASSERT_TRUE(editor.add({{"channel", "h1"}, "publisher", {{"client", id}}}));
  EXPECT_TRUE(editor.replace({"channel", "h1"}, "publisher", {{{"client", "c2"}}}));
  EXPECT_EQ(editor.freeze().size(), 2u);
  EXPECT_TRUE(editor.replace({"channel", "h1"}, "publisher", std::nullopt));
  EXPECT_TRUE(editor.replace(c1, "group", std::nullopt));
  EXPECT_EQ(editor.freeze().size(), 0u);
  EXPECT_EQ(editor.replace(c1, "read", std::nullopt).error().reason, Reason("policy.relation.unknown"));
  EXPECT_EQ(editor.replace(c1, "nonsense", std::nullopt).error().reason, Reason("policy.relation.unknown"));
  EXPECT_EQ(editor.replace(c1, "group", {{{"user", "u1"}}}).error().reason,
            Reason("policy.subject.forbidden"));
}

TEST(Graphs, RefuseWhatTheSchemaDoesNotAllow) {
  struct Case {
    std::string_view text;
    Reason reason;
  };
  Graph::Editor editor{Graph(core_schema())};
  for (const Case& bad : {
           Case{"planet:p1#domain@domain:d1", "policy.kind.unknown"},
           Case{"client:c1#domain@planet:d1", "policy.kind.unknown"},
           Case{"client:c1#owner@user:u1", "policy.relation.unknown"},
           Case{"client:c1#publisher@client:c2", "policy.relation.unknown"},
           Case{"client:c1#can_read@user:u1", "policy.relation.computed"},
           Case{"client:c1#read@role:r1#member", "policy.relation.computed"},
           Case{"client:c1#domain@user:u1", "policy.subject.forbidden"},
           Case{"client:c1#domain@domain:d1#can_read", "policy.subject.forbidden"},
           Case{"client:c1#domain@domain:d1#nonsense", "policy.subject.forbidden"},
           Case{"client:#domain@domain:d1", "policy.id.invalid"},
           Case{"client:c1#domain@domain:", "policy.id.invalid"},
       }) {
    for (const auto& result : {editor.add(edge(bad.text)), editor.remove(edge(bad.text))}) {
      ASSERT_FALSE(result) << bad.text;
      EXPECT_EQ(result.error().reason, bad.reason) << bad.text;
      EXPECT_EQ(result.error().code, Code::invalid);
    }
    EXPECT_FALSE(editor.freeze().contains(edge(bad.text)));
  }
  const std::string long_id(kMaxObjectId + 1, 'x');
  EXPECT_EQ(editor.add({{"client", long_id}, "domain", {{"domain", "d1"}}}).error().reason,
            Reason("policy.id.invalid"));
  EXPECT_EQ(editor.freeze().size(), 0u);
}

TEST(Graphs, RefuseGrantsThatTheSchemaDoesNotAllow) {
  using Actions = std::vector<std::string_view>;
  Graph::Editor editor{Graph(core_schema())};
  auto reason = [&](ObjectRef object, std::string_view role, Effect effect, const Actions& actions) {
    const auto set = editor.set_grants(object, role, effect, actions);
    return set ? std::string("fine") : std::string(set.error().reason.slug());
  };
  EXPECT_EQ(reason({"domain", "d1"}, "r1", Effect::allow, {"read", "fly"}), "policy.action.unknown");
  EXPECT_EQ(reason({"domain", "d1"}, "r1", Effect::allow, {"can_read"}), "policy.action.unknown");
  EXPECT_EQ(reason({"domain", "d1"}, "r1", Effect::allow, {"platform"}), "policy.action.unknown");
  EXPECT_EQ(reason({"role", "r2"}, "r1", Effect::allow, {}), "policy.action.unknown");
  EXPECT_EQ(reason({"planet", "p1"}, "r1", Effect::allow, {}), "policy.kind.unknown");
  EXPECT_EQ(reason({"domain", ""}, "r1", Effect::allow, {"read"}), "policy.id.invalid");
  EXPECT_EQ(reason({"domain", "d1"}, "", Effect::allow, {"read"}), "policy.id.invalid");
  EXPECT_EQ(reason({"domain", "d1"}, "r1", Effect::deny, {"fly"}), "policy.action.unknown");
  EXPECT_EQ(reason({"domain", "*"}, "r1", Effect::allow, {"read"}), "policy.id.invalid");
}

TEST(Graphs, KeepDenialsApartFromGrants) {
  Graph::Editor editor{Graph(core_schema())};
  const std::vector<std::string_view> read = {"read"};
  const std::vector<std::string_view> both = {"read", "update"};
  const ObjectRef domain{"domain", "d1"};
  EXPECT_TRUE(editor.set_grants(domain, "r1", Effect::allow, both).value());
  EXPECT_FALSE(editor.freeze().has_denials());
  EXPECT_TRUE(editor.set_grants(domain, "r1", Effect::deny, read).value());
  EXPECT_FALSE(editor.set_grants(domain, "r1", Effect::deny, read).value());
  EXPECT_TRUE(editor.freeze().has_denials());
  EXPECT_EQ(editor.freeze().size(), 2u);
  EXPECT_TRUE(editor.freeze().contains(parse_edge("domain:d1#read@role:r1#member").value()));
  EXPECT_TRUE(editor.set_grants(domain, "r1", Effect::deny, {}).value());
  EXPECT_FALSE(editor.freeze().has_denials());
  EXPECT_EQ(editor.freeze().size(), 1u);
}

TEST(Graphs, KeepEveryoneOnlyWhereTheSchemaSaysSo) {
  const auto schema =
      compile_schema(
          "definition user {}\ndefinition doc {\n relation viewer: user | user:*\n relation editor: user\n}")
          .value();
  Graph::Editor editor{Graph(schema)};
  EXPECT_TRUE(editor.add(parse_edge("doc:d1#viewer@user:*").value()).value());
  EXPECT_EQ(editor.add(parse_edge("doc:d1#editor@user:*").value()).error().reason,
            Reason("policy.subject.forbidden"));
  EXPECT_EQ(editor.add(parse_edge("doc:*#viewer@user:u1").value()).error().reason,
            Reason("policy.id.invalid"));
  EXPECT_TRUE(editor.freeze().contains(parse_edge("doc:d1#viewer@user:*").value()));
  EXPECT_FALSE(editor.freeze().contains(parse_edge("doc:d1#viewer@user:u1").value()));
}

struct Model {
  std::set<std::string> edges;
  std::map<std::pair<std::string, std::string>, std::set<std::string>> grants;  // by object and role
};
constexpr std::array<std::string_view, 4> kActions = {"read", "update", "client_read", "channel_publish"};

class Edits {
 public:
  void step() { pick(3) == 0 ? change_grants() : change_edge(); }
  Graph graph() { return editor_.freeze(); }
  const Model& model() const { return model_; }

 private:
  unsigned pick(unsigned n) { return static_cast<unsigned>(random_() % n); }

  void change_grants() {
    const std::string object = fmt::format("d{}", pick(5));
    const std::string role = fmt::format("r{}", pick(30));
    std::set<std::string> wanted;
    for (const auto action : kActions) {
      if (pick(3) == 0) wanted.emplace(action);
    }
    const std::vector<std::string_view> views(wanted.begin(), wanted.end());
    auto& held = model_.grants[{object, role}];
    EXPECT_EQ(editor_.set_grants({"domain", object}, role, Effect::allow, views).value(), held != wanted);
    held = wanted;
  }
  void change_edge() {
    const std::string text = pick(2) == 0
                                 ? fmt::format("channel:ch{}#publisher@client:c{}", pick(3), pick(1500))
                                 : fmt::format("role:r{}#member@user:u{}", pick(30), pick(40));
    if (pick(4) == 0) {
      EXPECT_EQ(editor_.remove(edge(text)).value(), model_.edges.erase(text) != 0);
    } else {
      EXPECT_EQ(editor_.add(edge(text)).value(), model_.edges.insert(text).second);
    }
  }

  std::mt19937 random_{5};
  Model model_;
  Graph::Editor editor_{Graph(core_schema())};
};

void expect_same(const Graph& graph, const Model& expected, const Model& newest) {
  std::size_t size = expected.edges.size();
  for (const auto& [key, held] : expected.grants) {
    size += held.empty() ? 0 : 1;
    for (const auto action : kActions) {
      const Edge grant{{"domain", key.first}, action, {{"role", key.second}, "member"}};
      ASSERT_EQ(graph.contains(grant), held.contains(std::string(action)));
    }
  }
  EXPECT_EQ(graph.size(), size);
  for (const auto& text : newest.edges)
    ASSERT_EQ(graph.contains(edge(text)), expected.edges.contains(text)) << text;
  for (const auto& text : expected.edges) ASSERT_TRUE(graph.contains(edge(text))) << text;
}

// Random edits against plain sets; every frozen version has to keep what it had.
TEST(Graphs, AgreeWithPlainSetsInEveryVersion) {
  Edits edits;
  std::vector<std::pair<Graph, Model>> versions;
  for (int step = 0; step < 6000; ++step) {
    edits.step();
    if (step % 600 == 0) versions.emplace_back(edits.graph(), edits.model());
  }
  versions.emplace_back(edits.graph(), edits.model());
  for (const auto& [graph, expected] : versions) expect_same(graph, expected, edits.model());
}

TEST(Graphs, NameTheirNodes) {
  Graph::Editor editor{Graph(core_schema())};
  ASSERT_TRUE(editor.add(edge("client:c1#domain@domain:d1")));
  const Graph graph = editor.freeze();
  const DefinitionId client = core_schema()->find_definition("client").value();
  const NodeId node = graph.find(client, "c1");
  EXPECT_EQ(graph.name(node), (ObjectRef{"client", "c1"}));
  EXPECT_EQ(graph.definition(node), client);
  EXPECT_EQ(graph.find(client, "d1"), kNoNode);
}

}  // namespace
}  // namespace allauth::policy
