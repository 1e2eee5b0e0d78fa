// The engine against the rules of the language applied naively, on random small graphs.
#include <random>
#include <set>
#include <string>

#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include "policy/check.h"
#include "policy/test_schema.h"
#include "policy/test_text.h"

namespace allauth::policy {
namespace {

// The rules of the language applied naively until nothing more follows.
class Reference {
 public:
  using Fact = std::tuple<std::string, std::string, std::string>;  // object, relation, subject[#relation]

  std::vector<Fact> edges;
  std::vector<std::tuple<std::string, std::string, std::string>> grants;  // object, action, role

  std::set<Fact> all(const std::vector<std::string>& subjects) const {
    std::set<Fact> facts;
    for (const std::string& subject : subjects) {  // a userset holds itself
      const std::size_t hash = subject.find('#');
      if (hash != std::string::npos)
        facts.emplace(subject.substr(0, hash), subject.substr(hash + 1), subject);
    }
    for (std::size_t before = ~std::size_t{0}; before != facts.size();) {
      before = facts.size();
      for (const std::string& subject : subjects) step(facts, subject);
    }
    return facts;
  }

 private:
  void step(std::set<Fact>& facts, const std::string& subject) const {
    auto holds = [&](const std::string& object, const std::string& relation) {
      return facts.contains({object, relation, subject});
    };
    for (const auto& [object, relation, to] : edges) {
      const std::size_t hash = to.find('#');
      const std::string target = to.substr(0, hash);
      if (to == subject || (hash != std::string::npos && holds(target, to.substr(hash + 1))))
        facts.emplace(object, relation, subject);
      if (relation == "parent" && holds(target, "view")) facts.emplace(object, "view", subject);
      if (relation == "parent" && target.starts_with("folder") && holds(target, "edit"))
        facts.emplace(object, "edit", subject);
    }
    for (const auto& [object, action, role] : grants) {
      if (holds(role, "member")) facts.emplace(object, action, subject);
    }
    for (const auto& [object, relation, who] : std::set<Fact>(facts)) {
      if (who != subject) continue;
      if (relation == "boss" || relation == "admit" || relation == "viewer" || relation == "read" ||
          relation == "edit")
        facts.emplace(object, "view", subject);
      if (relation == "write") facts.emplace(object, "edit", subject);
    }
  }
};

// A random graph, both as a Graph and as plain text.
class World {
 public:
  World(std::shared_ptr<const CompiledSchema> schema, unsigned seed)
      : random_(seed), editor_(Graph(std::move(schema))) {
    for (int i = 0; i < 12; ++i) add_edge();
    for (int i = 0; i < 3; ++i) set_grants();
  }
  Graph graph() { return editor_.freeze(); }
  const Reference& reference() const { return reference_; }

 private:
  std::string pick(const char* kind, unsigned n) { return fmt::format("{}:{}", kind, random_() % n); }
  bool coin() { return random_() % 2 == 0; }

  void add_edge() {
    switch (random_() % 9) {
      case 0:
        return add(pick("role", 2), "member", pick("user", 3));
      case 1:
        return add(pick("group", 3), "member", pick("user", 3));
      case 2:
        return add(pick("group", 3), "member", pick("group", 3) + "#member");
      case 3:
        return add(pick("group", 3), "member", pick("role", 2) + "#member");
      case 4:
        return add(pick("group", 3), "boss", pick("user", 3));
      case 5:
        return add(pick("folder", 4), "parent", pick("folder", 4));
      case 6:
        return add(pick("folder", 4), "parent", pick("group", 3));
      case 7:
        return add(pick("folder", 4), "viewer", coin() ? pick("user", 3) : pick("group", 3) + "#member");
      default:
        return add(pick("folder", 4), "viewer", (coin() ? pick("group", 3) : pick("folder", 4)) + "#view");
    }
  }
  void add(const std::string& object, const std::string& relation, const std::string& subject) {
    if (editor_.add(parse_edge(object + "#" + relation + "@" + subject).value()).value())
      reference_.edges.emplace_back(object, relation, subject);
  }
  void set_grants() {
    const bool folder = coin();
    const std::string object = folder ? pick("folder", 4) : pick("group", 3);
    const std::string role = pick("role", 2);
    std::vector<std::string_view> actions;
    if (folder && coin()) actions.push_back("read");
    if (folder && coin()) actions.push_back("write");
    if (!folder) actions.push_back("admit");
    editor_.set_grants(parse_subject(object)->object, parse_subject(role)->object.id, Effect::allow, actions)
        .value();
    std::erase_if(reference_.grants, [&](const auto& grant) {
      return std::get<0>(grant) == object && std::get<2>(grant) == role;
    });
    for (const auto action : actions) reference_.grants.emplace_back(object, action, role);
  }

  std::mt19937 random_;
  Graph::Editor editor_;
  Reference reference_;
};

// "folder 1", "viewer", "group 2 # member" -> is that stored?
bool is_stored(const Graph& graph, const Link& link) {
  std::string text = fmt::format("{}#{}@{}", link.object, link.relation, link.subject);
  for (std::size_t at = text.find(" # "); at != std::string::npos; at = text.find(" # "))
    text.replace(at, 3, "#");
  std::replace(text.begin(), text.end(), ' ', ':');
  return graph.contains(parse_edge(text).value());
}

constexpr std::array<std::string_view, 10> kSubjects = {
    "user:0",         "user:1",       "user:2",        "user:9",        "role:0#member",
    "group:0#member", "group:1#view", "folder:0#view", "folder:1#edit", "group:2"};
constexpr std::array<std::string_view, 9> kAsked = {"folder:0#view",   "folder:1#view", "folder:2#edit",
                                                    "folder:3#viewer", "folder:0#read", "group:0#member",
                                                    "group:1#view",    "role:0#member", "folder:8#view"};

void expect_answer(const Engine& engine, const Graph& graph, const std::string& text, bool expected) {
  const Edge edge = parse_edge(text).value();
  const CheckQuery query{.subject = edge.subject, .permission = edge.relation, .object = edge.resource};
  const Decision decision = engine.check(graph, 1, query).value();
  const Explanation explanation = engine.explain(graph, 1, query).value();
  const std::string why = fmt::format("{}\n{}", text, fmt::join(explanation.lines(), "\n"));
  ASSERT_EQ(decision.allowed(), expected) << why;
  ASSERT_EQ(explanation.decision.allowed(), expected) << why;
  ASSERT_EQ(explanation.decision.rule(), decision.rule()) << why;
  ASSERT_TRUE(expected ? explanation.missing.empty() : explanation.path.empty()) << why;
  for (const Link& link : explanation.path) ASSERT_TRUE(!link.is_stored() || is_stored(graph, link)) << why;
}

TEST(Checks, AgreeWithTheRulesAppliedNaivelyAndWithTheirExplanation) {
  const auto schema = compile_schema(kFolders).value();
  const Engine engine;
  std::size_t allowed_count = 0;
  std::size_t denied_count = 0;
  for (unsigned seed = 0; seed < 60; ++seed) {
    World world(schema, seed);
    const auto facts = world.reference().all({kSubjects.begin(), kSubjects.end()});
    const Graph graph = world.graph();
    for (const std::string_view subject : kSubjects) {
      for (const std::string_view asked : kAsked) {
        const std::size_t hash = asked.find('#');
        const bool expected = facts.contains(
            {std::string(asked.substr(0, hash)), std::string(asked.substr(hash + 1)), std::string(subject)});
        expect_answer(engine, graph, fmt::format("{}@{}", asked, subject), expected);
        if (HasFatalFailure()) {
          FAIL() << fmt::format("seed {}\nedges {}\ngrants {}", seed, world.reference().edges,
                                world.reference().grants);
        }
        ++(expected ? allowed_count : denied_count);
      }
    }
  }
  EXPECT_GT(allowed_count, 300u);
  EXPECT_GT(denied_count, 300u);
}

}  // namespace
}  // namespace allauth::policy
