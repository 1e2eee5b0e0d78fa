// What `&`, `-`, `.all()`, `user:*` and deny grants mean.
#include <atomic>
#include <string>
#include <vector>

#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include "policy/check.h"
#include "policy/test_text.h"

namespace allauth::policy {
namespace {

constexpr std::string_view kDocuments =
    "definition user {}\n"
    "definition role {\n relation member: user | doc#view\n}\n"
    "definition doc {\n"
    " relation parent: doc\n"
    " relation viewer: user | user:* | doc#edit | doc#sane | doc#odd\n"
    " relation cleared: user | user:*\n"
    " relation banned: user | user:* | doc#odd\n"
    " relation publish: role#member from grants\n"
    " permission edit = viewer & cleared\n"
    " permission sane = viewer - banned\n"
    " permission both = edit & (sane + parent->sane)\n"
    " permission narrow = viewer - (banned - cleared)\n"
    " permission twice = viewer - banned - cleared\n"
    " permission everywhere = parent.all(sane)\n"
    " permission somewhere = parent.any(sane)\n"
    " permission odd = viewer - parent->odd\n"
    " permission nothing = nil\n"
    " permission view = publish + parent->view\n"
    " permission safe = viewer & view\n"
    " permission rest = viewer - view\n"
    " permission outer = viewer - (view + banned)\n"
    "}\n";

struct Grant {
  std::string_view object, role;
  Effect effect;
};

struct Case {
  std::vector<std::string_view> edges;
  std::vector<std::string_view> yes;
  std::vector<std::string_view> no;
  std::vector<Grant> grants = {};  // of publish
};

Graph graph_of(const std::shared_ptr<const CompiledSchema>& schema,
               const std::vector<std::string_view>& edges, const std::vector<Grant>& grants = {}) {
  Graph::Editor editor{Graph(schema)};
  for (const auto text : edges) EXPECT_TRUE(editor.add(parse_edge(text).value())) << text;
  const std::vector<std::string_view> publish = {"publish"};
  for (const Grant& grant : grants)
    EXPECT_TRUE(editor.set_grants({"doc", grant.object}, grant.role, grant.effect, publish));
  return editor.freeze();
}

CheckQuery query(std::string_view text) {
  const Edge edge = parse_edge(text).value();
  return {.subject = edge.subject, .permission = edge.relation, .object = edge.resource};
}

std::vector<std::string> explained(const Engine& engine, const Graph& graph, std::string_view text) {
  return engine.explain(graph, 1, query(text)).value().lines();
}

class Gates : public testing::TestWithParam<Case> {};

TEST_P(Gates, HoldForWhomTheyShould) {
  const auto schema = compile_schema(kDocuments).value();
  const Engine engine;
  const Graph graph = graph_of(schema, GetParam().edges, GetParam().grants);
  const auto expect = [&](std::string_view text, bool wanted) {
    const auto decision = engine.check(graph, 1, query(text));
    ASSERT_TRUE(decision) << text << ": " << decision.error().message;
    const auto explanation = engine.explain(graph, 1, query(text)).value();
    EXPECT_EQ(decision->allowed(), wanted) << text << "\n"
                                           << fmt::format("{}", fmt::join(explanation.lines(), "\n"));
    EXPECT_EQ(explanation.decision.allowed(), wanted) << text;
    EXPECT_EQ(explanation.decision.rule(), decision->rule()) << text;
  };
  for (const auto text : GetParam().yes) expect(text, true);
  for (const auto text : GetParam().no) expect(text, false);
}

INSTANTIATE_TEST_SUITE_P(
    Operators, Gates,
    testing::Values(
        Case{{"doc:1#viewer@user:a", "doc:1#viewer@user:b", "doc:1#cleared@user:a", "doc:1#banned@user:b"},
             {"doc:1#edit@user:a", "doc:1#sane@user:a", "doc:1#both@user:a", "doc:1#narrow@user:a",
              "doc:1#edit@doc:1#edit", "doc:1#both@doc:1#both"},
             {"doc:1#edit@user:b", "doc:1#sane@user:b", "doc:1#both@user:b", "doc:1#narrow@user:b",
              "doc:1#twice@user:a", "doc:1#twice@user:b", "doc:1#nothing@user:a", "doc:1#edit@user:c",
              "doc:1#everywhere@user:a", "doc:2#edit@user:a", "doc:1#sane@doc:1#edit",
              "doc:1#edit@doc:1#viewer"}},
        // Who is banned but cleared is not taken out of `narrow`.
        Case{{"doc:1#viewer@user:a", "doc:1#banned@user:a", "doc:1#cleared@user:a"},
             {"doc:1#narrow@user:a"},
             {"doc:1#sane@user:a"}},
        // Every parent, any parent; an object without parents has none that says no, and none that says yes.
        Case{{"doc:1#parent@doc:2", "doc:1#parent@doc:3", "doc:2#viewer@user:a", "doc:3#viewer@user:a",
              "doc:3#viewer@user:b", "doc:2#viewer@user:c", "doc:3#viewer@user:c", "doc:3#banned@user:c"},
             {"doc:1#everywhere@user:a", "doc:1#somewhere@user:b", "doc:1#somewhere@user:c"},
             {"doc:1#everywhere@user:b", "doc:1#everywhere@user:c", "doc:2#everywhere@user:a"}},
        // Everyone of a kind: known or not, but not the holders of something.
        Case{{"doc:1#viewer@user:*", "doc:1#cleared@user:a", "doc:2#viewer@user:a", "doc:2#cleared@user:*",
              "doc:1#banned@user:b", "doc:3#viewer@user:a", "doc:3#banned@user:*", "doc:4#viewer@doc:1#edit"},
             {"doc:1#viewer@user:a", "doc:1#viewer@user:stranger", "doc:1#edit@user:a", "doc:2#edit@user:a",
              "doc:1#sane@user:stranger", "doc:4#viewer@user:a"},
             {"doc:1#edit@user:b", "doc:1#sane@user:b", "doc:2#edit@user:b", "doc:3#sane@user:a",
              "doc:1#viewer@doc:1", "doc:1#viewer@doc:2#edit", "doc:4#viewer@user:b"}},
        // Usersets of gates, and gates around a circle: whoever comes in from outside is in.
        Case{{"doc:1#viewer@doc:2#edit", "doc:2#viewer@doc:3#edit", "doc:3#viewer@doc:1#edit",
              "doc:1#cleared@user:*", "doc:2#cleared@user:*", "doc:3#cleared@user:*", "doc:2#viewer@user:a"},
             {"doc:1#edit@user:a", "doc:2#edit@user:a", "doc:3#edit@user:a"},
             {"doc:1#edit@user:b", "doc:2#edit@user:b"}},
        // Exclusions along a chain alternate; around an odd circle they are undefined, which is a no.
        Case{{"doc:1#viewer@user:*", "doc:2#viewer@user:*", "doc:3#viewer@user:*", "doc:1#parent@doc:2",
              "doc:2#parent@doc:3", "doc:5#viewer@user:*", "doc:5#parent@doc:5", "doc:6#viewer@user:*",
              "doc:6#parent@doc:5", "doc:7#viewer@user:*", "doc:7#parent@doc:5", "doc:7#parent@doc:3",
              "doc:8#viewer@user:*", "doc:8#parent@doc:7"},
             {"doc:3#odd@user:a", "doc:1#odd@user:a", "doc:8#odd@user:a"},
             {"doc:2#odd@user:a", "doc:5#odd@user:a", "doc:6#odd@user:a", "doc:7#odd@user:a"}}));

INSTANTIATE_TEST_SUITE_P(
    Denials, Gates,
    testing::Values(
        // A deny takes away what any role gives, on its object and below.
        Case{{"role:in#member@user:a", "role:out#member@user:a", "role:in#member@user:b",
              "doc:1#parent@doc:2", "doc:2#parent@doc:3"},
             {"doc:1#view@user:b", "doc:3#view@user:a", "doc:2#view@user:b"},
             {"doc:1#view@user:a", "doc:2#view@user:a", "doc:1#view@user:c"},
             {{"3", "in", Effect::allow}, {"1", "in", Effect::allow}, {"2", "out", Effect::deny}}},
        // Through operators: denied in an operand is denied; denied what is taken away is not taken away.
        Case{
            {"role:in#member@user:a", "role:out#member@user:a", "doc:1#viewer@user:a", "doc:2#viewer@user:a"},
            {"doc:2#safe@user:a", "doc:1#rest@user:a"},
            {"doc:1#safe@user:a", "doc:2#rest@user:a"},
            {{"1", "in", Effect::allow}, {"2", "in", Effect::allow}, {"1", "out", Effect::deny}}},
        // A denial of one operand on the right of `-` does not undo the others.
        Case{{"role:in#member@user:a", "role:in#member@user:b", "role:in#member@user:c",
              "role:out#member@user:a", "role:out#member@user:b", "doc:1#viewer@user:a",
              "doc:1#viewer@user:b", "doc:1#viewer@user:c", "doc:1#banned@user:a"},
             {"doc:1#outer@user:b"},
             {"doc:1#outer@user:a", "doc:1#outer@user:c", "doc:1#outer@user:d"},
             {{"1", "in", Effect::allow}, {"1", "out", Effect::deny}}},
        // A role of the holders of a permission has those that are not denied it.
        Case{{"role:in#member@user:a", "role:in#member@user:b", "role:out#member@user:b",
              "role:more#member@doc:1#view"},
             {"doc:1#view@user:a", "doc:2#view@user:a"},
             {"doc:1#view@user:b", "doc:2#view@user:b"},
             {{"1", "in", Effect::allow}, {"1", "out", Effect::deny}, {"2", "more", Effect::allow}}},
        // Denied just because it is allowed: undefined, a no.
        Case{{"role:in#member@user:a", "role:more#member@doc:1#view"},
             {},
             {"doc:1#view@user:a"},
             {{"1", "in", Effect::allow}, {"1", "more", Effect::deny}}}));

TEST(Denials, AreARuleOfTheirOwnWithRoleAndObject) {
  const auto schema = compile_schema(kDocuments).value();
  const Engine engine;
  const Graph graph =
      graph_of(schema, {"role:in#member@user:a", "role:out#member@user:a", "doc:1#parent@doc:2"},
               {{"1", "in", Effect::allow}, {"2", "out", Effect::deny}});
  const Decision denied = engine.check(graph, 7, query("doc:1#view@user:a")).value();
  EXPECT_FALSE(denied.allowed());
  EXPECT_EQ(denied.rule(), kDenyRule);
  EXPECT_EQ(schema->rule_name(denied.rule()), "deny");
  std::vector<std::string> names;
  for (const auto node : denied.evidence())
    names.push_back(fmt::format("{}:{}", graph.name(node).kind, graph.name(node).id));
  EXPECT_EQ(names, (std::vector<std::string>{"doc:1", "doc:2", "role:out"}));
  EXPECT_EQ(explained(engine, graph, "doc:1#view@user:a"),
            (std::vector<std::string>{"user a may not view doc 1: doc 2 denies publish to role out # member",
                                      "doc 1 # parent has doc 2", "doc 2 denies publish to role out # member",
                                      "role out # member has user a"}));
}

TEST(Denials, AreToldAlsoWhereNothingAllows) {
  const auto schema = compile_schema(kDocuments).value();
  const Graph graph = graph_of(schema, {"role:out#member@user:a"}, {{"1", "out", Effect::deny}});
  const auto lines = explained(Engine(), graph, "doc:1#view@user:a");
  ASSERT_FALSE(lines.empty());
  EXPECT_EQ(
      lines[0],
      "user a may not view doc 1: doc 1 denies publish to role out # member, no role grants it publish on "
      "doc 1, and doc 1 has no parent");
}

TEST(Explanations, TellHowGatesCameOut) {
  const auto schema = compile_schema(kDocuments).value();
  const Engine engine;
  const Graph graph = graph_of(
      schema, {"doc:1#viewer@user:a", "doc:1#cleared@user:*", "doc:1#viewer@user:b", "doc:1#banned@user:b",
               "doc:2#parent@doc:1", "doc:5#viewer@user:a", "doc:5#parent@doc:5"});
  using Lines = std::vector<std::string>;
  EXPECT_EQ(explained(engine, graph, "doc:1#both@user:a"),
            (Lines{"user a may both doc 1, by doc#both", "doc 1 # both asks for all of this:",
                   "  doc 1 # edit asks for all of this:", "    doc 1 # viewer has user a",
                   "    doc 1 # cleared has user *", "  doc 1 # sane asks for this, without exception:",
                   "    doc 1 # viewer has user a", "    it is not in doc 1 # banned"}));
  EXPECT_EQ(explained(engine, graph, "doc:2#everywhere@user:a"),
            (Lines{"user a may everywhere doc 2, by doc#parent", "each parent of doc 2 says yes:",
                   "  doc 1 # sane asks for this, without exception:", "    doc 1 # viewer has user a",
                   "    it is not in doc 1 # banned"}));
  EXPECT_EQ(explained(engine, graph, "doc:1#sane@user:b"),
            (Lines{"user b may not sane doc 1: it is in doc 1 # banned", "it is in doc 1 # banned"}));
  EXPECT_EQ(explained(engine, graph, "doc:1#edit@user:c").front(),
            "user c may not edit doc 1: it is not in doc 1 # viewer");
  EXPECT_EQ(explained(engine, graph, "doc:7#everywhere@user:c").front(),
            "user c may not everywhere doc 7: doc 7 has no parent");
  EXPECT_EQ(explained(engine, graph, "doc:5#odd@user:a").front(),
            "user a may not odd doc 5: whether it is in doc 5 # parent->odd rests on itself");
}

TEST(Explanations, NameTheLeastThatWouldBeEnough) {
  const auto schema = compile_schema(kDocuments).value();
  const Engine engine;
  const Graph graph =
      graph_of(schema, {"doc:1#cleared@user:a", "doc:2#parent@doc:1"}, {{"1", "in", Effect::allow}});
  EXPECT_EQ(explained(engine, graph, "doc:1#edit@user:a").back(),
            "it would be enough that doc 1 # viewer has user a");
  EXPECT_EQ(explained(engine, graph, "doc:2#view@user:stranger").back(),
            "it would be enough that role in # member has user stranger");
  // Nobody can be let in by one relationship where two are missing.
  EXPECT_FALSE(engine.explain(graph, 1, query("doc:1#edit@user:b"))->least);
  EXPECT_FALSE(engine.explain(graph, 1, query("doc:1#nothing@user:b"))->least);
}

TEST(Guests, CountForTheirQuestionOnly) {
  const auto schema = compile_schema(kDocuments).value();
  const Engine engine;
  const Graph graph = graph_of(schema, {"doc:1#viewer@user:a", "doc:2#parent@doc:1"});
  const Edge guests[] = {parse_edge("doc:1#cleared@user:a").value(),
                         parse_edge("doc:new#viewer@user:new").value(),
                         parse_edge("doc:new#cleared@user:*").value()};
  const auto allowed = [&](std::string_view text, std::span<const Edge> with) {
    CheckQuery asked = query(text);
    asked.guests = with;
    const Decision decision = engine.check(graph, 1, asked).value();
    EXPECT_EQ(engine.explain(graph, 1, asked)->decision.allowed(), decision.allowed());
    for (const auto node : decision.evidence()) EXPECT_FALSE(Graph::is_guest(node));
    return decision.allowed();
  };
  EXPECT_TRUE(allowed("doc:1#edit@user:a", guests));
  EXPECT_TRUE(allowed("doc:new#edit@user:new", guests));
  EXPECT_FALSE(allowed("doc:new#edit@user:a", guests));
  EXPECT_FALSE(allowed("doc:1#edit@user:a", {}));
  EXPECT_FALSE(allowed("doc:new#edit@user:new", {}));
  EXPECT_EQ(graph.find(schema->find_definition("user").value(), "new"), kNoNode) << "nothing stays behind";

  CheckQuery bad = query("doc:1#edit@user:a");
  const Edge forbidden[] = {parse_edge("doc:1#edit@user:a").value()};
  bad.guests = forbidden;
  EXPECT_EQ(engine.check(graph, 1, bad).error().reason, Reason("policy.relation.computed"));
  const std::vector<Edge> many(Graph::kMaxGuests + 1, guests[0]);
  bad.guests = many;
  EXPECT_EQ(engine.check(graph, 1, bad).error().reason, Reason("policy.context.limit"));
}

TEST(Checks, RefuseEveryoneAsSubjectOrObject) {
  const auto schema = compile_schema(kDocuments).value();
  const Graph graph = graph_of(schema, {"doc:1#viewer@user:*"});
  EXPECT_EQ(Engine().check(graph, 1, query("doc:1#viewer@user:*")).error().reason,
            Reason("policy.subject.wildcard"));
  EXPECT_EQ(Engine().check(graph, 1, query("doc:*#viewer@user:a")).error().reason,
            Reason("policy.id.invalid"));
}

// What nobody sane would store must cost no more than the budget, and no stack.
TEST(HostileData, IsAnsweredOrRefusedWithinTheBudget) {
  const auto schema = compile_schema(kDocuments).value();
  Graph::Editor editor{Graph(schema)};
  constexpr int kMany = 60'000;
  for (int i = 0; i < kMany; ++i) {
    const std::string id = std::to_string(i);
    const std::string next = std::to_string(i + 1);
    ASSERT_TRUE(editor.add({{"doc", "wide"}, "parent", {{"doc", id}}}));
    ASSERT_TRUE(editor.add({{"doc", id}, "parent", {{"doc", next}}}));          // a long chain,
    ASSERT_TRUE(editor.add({{"doc", id}, "viewer", {{"doc", next}, "edit"}}));  // of gates, too
    ASSERT_TRUE(editor.add({{"doc", id}, "cleared", {{"user", kEveryone}}}));
    ASSERT_TRUE(editor.add({{"doc", id}, "viewer", {{"user", "u1"}}}));
  }
  ASSERT_TRUE(editor.add({{"doc", std::to_string(kMany)}, "viewer", {{"doc", "0"}, "edit"}}));
  ASSERT_TRUE(editor.add({{"doc", std::to_string(kMany)}, "cleared", {{"user", kEveryone}}}));
  const Graph graph = editor.freeze();
  const Engine engine;
  const Engine patient(Limits{.max_work = 100'000'000});
  for (const auto text : {"doc:wide#everywhere@user:u1", "doc:0#edit@user:nobody", "doc:0#odd@user:u1"}) {
    const auto given_up = engine.check(graph, 1, query(text));
    ASSERT_FALSE(given_up) << text;
    EXPECT_EQ(given_up.error().reason, Reason("policy.work.exceeded")) << text;
    EXPECT_EQ(engine.explain(graph, 1, query(text)).error().reason, Reason("policy.work.exceeded")) << text;
  }
  EXPECT_TRUE(patient.check(graph, 1, query("doc:wide#everywhere@user:u1"))->allowed());
  EXPECT_FALSE(patient.check(graph, 1, query("doc:0#edit@user:nobody"))->allowed());
  EXPECT_FALSE(patient.check(graph, 1, query("doc:1#odd@user:u1"))->allowed());
  EXPECT_TRUE(engine.check(graph, 1, query("doc:0#edit@user:u1"))->allowed());
}

TEST(HostileData, OfExclusionsAroundACircleIsSolvedAsAWhole) {
  const auto schema = compile_schema(kDocuments).value();
  Graph::Editor editor{Graph(schema)};
  constexpr int kDocs = 2001;
  for (int i = 0; i < kDocs; ++i) {
    const std::string id = std::to_string(i);
    ASSERT_TRUE(editor.add({{"doc", id}, "viewer", {{"user", "u1"}}}));
    ASSERT_TRUE(editor.add({{"doc", id}, "parent", {{"doc", std::to_string((i + 1) % kDocs)}}}));
  }
  const Engine engine;
  EXPECT_FALSE(engine.check(editor.freeze(), 1, query("doc:7#odd@user:u1"))->allowed());
  // With one link cut out the rest follows from there.
  ASSERT_TRUE(editor.add(parse_edge("doc:0#viewer@user:u2").value()));
  ASSERT_TRUE(editor.remove(parse_edge("doc:0#viewer@user:u1").value()));
  EXPECT_TRUE(engine.check(editor.freeze(), 1, query("doc:2000#odd@user:u1"))->allowed());
  EXPECT_FALSE(engine.check(editor.freeze(), 1, query("doc:1999#odd@user:u1"))->allowed());
}

TEST(Checks, StopWhenTheyAreCalledOff) {
  const auto schema = compile_schema(kDocuments).value();
  Graph::Editor editor{Graph(schema)};
  for (int i = 0; i < 20'000; ++i)
    ASSERT_TRUE(editor.add({{"doc", std::to_string(i)}, "parent", {{"doc", std::to_string(i + 1)}}}));
  const Graph graph = editor.freeze();
  const std::atomic<bool> stop{true};
  const Limits limits{.stop = &stop, .look_back_at = ~0u};
  CheckQuery long_one = query("doc:0#view@user:u1");
  long_one.limits = &limits;
  const auto stopped = Engine().check(graph, 1, long_one);
  ASSERT_FALSE(stopped);
  EXPECT_EQ(stopped.error().reason, Reason("policy.stopped"));
  EXPECT_EQ(stopped.error().code, Code::unavailable);
}

}  // namespace
}  // namespace allauth::policy
