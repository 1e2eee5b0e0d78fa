// Gates, denials and cycles against a naive alternating fixpoint over all places, on random small graphs.
#include <array>
#include <random>
#include <set>
#include <string>

#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include "policy/check.h"
#include "policy/test_text.h"

namespace allauth::policy {
namespace {

constexpr std::string_view kTangled =
    "definition user {}\n"
    "definition role {\n relation member: user | doc#read\n}\n"
    "definition doc {\n"
    " relation parent: doc\n"
    " relation one: user | user:* | doc#mix | doc#odd | doc#read\n"
    " relation two: user | doc#odd | doc#strict\n"
    " relation publish: role#member from grants\n"
    " permission mix = one & (two + parent->mix)\n"
    " permission odd = one - two - parent->odd\n"
    " permission strict = parent.all(mix) + (odd & mix)\n"
    " permission deep = (strict + one) - (mix - odd)\n"
    " permission read = publish + parent->read\n"
    " permission safe = (one + read) & read\n"
    " permission rest = one - (read + two)\n"
    "}\n";
constexpr int kDocs = 4;
constexpr std::array<std::string_view, 9> kMembers = {"one",  "two",  "mix",  "odd", "strict",
                                                      "deep", "read", "safe", "rest"};

// Facts about one subject: "+doc:1#mix" something gives it, "!doc:1#read" it is denied, "doc:1#mix" it holds.
using Facts = std::set<std::string>;

struct World {
  std::vector<std::pair<std::string, std::string>> edges;  // "doc:1#one", "user:1" or "doc:2#mix"
  std::set<std::string> grants, denials;                   // "doc:1@role:1"
};

class Naive {
 public:
  Naive(const World& world, std::string subject) : world_(world), subject_(std::move(subject)) {}

  // The well-founded model's true facts.
  Facts solve() const {
    Facts lower;
    for (;;) {
      const Facts upper = closure(lower);
      const Facts next = closure(upper);
      if (next == lower) return lower;
      lower = next;
    }
  }

 private:
  // The least fixpoint with all negation read from `assumed`.
  Facts closure(const Facts& assumed) const {
    Facts facts;
    for (std::size_t before = ~std::size_t{0}; before != facts.size();) {
      before = facts.size();
      step(facts, assumed);
    }
    return facts;
  }

  void step(Facts& facts, const Facts& assumed) const {
    for (const auto& [place, to] : world_.edges) {
      const bool everyone = to == "user:*" && subject_.starts_with("user:") && !subject_.contains('#');
      if (to == subject_ || everyone || (to.contains('#') && facts.contains(to))) facts.insert("+" + place);
    }
    for (const auto& grant : world_.grants)
      if (facts.contains(role_of(grant))) facts.insert("+" + doc_of(grant) + "#publish");
    for (const auto& denial : world_.denials)
      if (facts.contains(role_of(denial))) facts.insert("!" + doc_of(denial) + "#publish");
    for (int i = 0; i < kDocs; ++i) document(fmt::format("doc:{}", i), facts, assumed);
    if (subject_.contains('#')) facts.insert("+" + subject_);
    for (const std::string& fact : Facts(facts))
      if (fact[0] == '+' && !assumed.contains("!" + fact.substr(1))) facts.insert(fact.substr(1));
  }

  void document(const std::string& doc, Facts& facts, const Facts& assumed) const {
    std::vector<std::string> parents;
    for (const auto& [place, to] : world_.edges)
      if (place == doc + "#parent") parents.push_back(to);
    const auto is = [&](const std::string& member) { return facts.contains(doc + "#" + member); };
    const auto never = [&](const std::string& member) { return !assumed.contains(doc + "#" + member); };
    const auto of_parent = [&](const std::string& member) {
      return [&, member](const std::string& parent) { return facts.contains(parent + "#" + member); };
    };
    const auto any = [&](const std::string& member) {
      return std::any_of(parents.begin(), parents.end(), of_parent(member));
    };
    const auto set = [&](bool condition, const std::string& member) {
      if (condition) facts.insert("+" + doc + "#" + member);
    };
    const auto deny = [&](const std::string& member, const std::string& because) {
      if (facts.contains("!" + because)) facts.insert("!" + doc + "#" + member);
    };
    set(is("one") && (is("two") || any("mix")), "mix");
    const bool no_odd_parent = std::none_of(parents.begin(), parents.end(), [&](const std::string& parent) {
      return assumed.contains(parent + "#odd");
    });
    set(is("one") && never("two") && no_odd_parent, "odd");
    set((!parents.empty() && std::all_of(parents.begin(), parents.end(), of_parent("mix"))) ||
            (is("odd") && is("mix")),
        "strict");
    set(is("mix") && never("odd"), "(mix - odd)");
    set((is("strict") || is("one")) && never("(mix - odd)"), "deep");
    set(is("publish") || any("read"), "read");
    deny("read", doc + "#publish");
    for (const auto& parent : parents) deny("read", parent + "#read");
    set((is("one") || is("read")) && is("read"), "safe");
    deny("safe", doc + "#read");
    set(is("one") && never("read") && never("two"), "rest");
  }

  static std::string doc_of(const std::string& grant) { return grant.substr(0, grant.find('@')); }
  static std::string role_of(const std::string& grant) {
    return grant.substr(grant.find('@') + 1) + "#member";
  }

  const World& world_;
  const std::string subject_;
};

class RandomWorld {
 public:
  RandomWorld(std::shared_ptr<const CompiledSchema> schema, unsigned seed)
      : random_(seed), editor_(Graph(std::move(schema))) {
    const unsigned edges = 4 + random_() % 14;
    for (unsigned i = 0; i < edges; ++i) add_edge();
    for (unsigned i = 0; i < 3; ++i) add_grant(Effect::allow, world.grants);
    for (unsigned i = 0; i < random_() % 3; ++i) add_grant(Effect::deny, world.denials);
  }
  Graph graph() { return editor_.freeze(); }
  World world;

 private:
  std::string doc() { return fmt::format("doc:{}", random_() % kDocs); }
  std::string user() { return fmt::format("user:{}", random_() % 2); }
  std::string role() { return fmt::format("role:{}", random_() % 3); }

  void add_edge() {
    static constexpr std::array<const char*, 3> kOne = {"#mix", "#odd", "#read"};
    static constexpr std::array<const char*, 2> kTwo = {"#odd", "#strict"};
    switch (random_() % 8) {
      case 0:
        return add(role() + "#member", random_() % 3 == 0 ? doc() + "#read" : user());
      case 1:
      case 2:
        return add(doc() + "#parent", doc());
      case 3:
        return add(doc() + "#one", random_() % 4 == 0 ? "user:*" : user());
      case 4:
        return add(doc() + "#two", user());
      case 5:
        return add(doc() + "#two", doc() + kTwo[random_() % 2]);
      default:
        return add(doc() + "#one", doc() + kOne[random_() % 3]);
    }
  }
  void add(const std::string& place, const std::string& to) {
    if (editor_.add(parse_edge(place + "@" + to).value()).value()) world.edges.emplace_back(place, to);
  }
  void add_grant(Effect effect, std::set<std::string>& to) {
    const std::string at = doc();
    const std::string who = role();
    const std::vector<std::string_view> actions = {"publish"};
    ASSERT_TRUE(
        editor_.set_grants(parse_subject(at)->object, parse_subject(who)->object.id, effect, actions));
    to.insert(at + "@" + who);
  }

  std::mt19937 random_;
  Graph::Editor editor_;
};

TEST(Gates, AgreeWithTheWellFoundedModelComputedNaively) {
  const auto schema = compile_schema(kTangled).value();
  const Engine engine;
  std::size_t yes = 0;
  std::size_t no = 0;
  for (unsigned seed = 0; seed < 80; ++seed) {
    RandomWorld random(schema, seed);
    const Graph graph = random.graph();
    for (const std::string subject : {"user:0", "user:1", "user:9", "doc:0#mix", "doc:1#read", "doc:2"}) {
      const Facts facts = Naive(random.world, subject).solve();
      for (int i = 0; i < kDocs * static_cast<int>(kMembers.size()); ++i) {
        const std::string place = fmt::format("doc:{}#{}", i % kDocs, kMembers[i / kDocs]);
        const std::string text = place + "@" + subject;
        const Edge edge = parse_edge(text).value();
        const CheckQuery query{.subject = edge.subject, .permission = edge.relation, .object = edge.resource};
        const auto decision = engine.check(graph, 1, query);
        ASSERT_TRUE(decision) << text << " " << decision.error().message;
        const bool expected = facts.contains(place);
        const auto explanation = engine.explain(graph, 1, query).value();
        ASSERT_EQ(decision->allowed(), expected)
            << fmt::format("seed {}: {}\nedges {}\ngrants {}\ndenials {}\n{}", seed, text, random.world.edges,
                           random.world.grants, random.world.denials, fmt::join(explanation.lines(), "\n"));
        ASSERT_EQ(explanation.decision.allowed(), expected) << text;
        ASSERT_EQ(explanation.decision.rule(), decision->rule()) << text;
        ASSERT_TRUE(!expected || explanation.missing.empty());
        ASSERT_TRUE(expected || decision->rule() == kDenyRule || explanation.path.empty() ||
                    explanation.missing[0].kind == Missing::Kind::denied);
        ++(expected ? yes : no);
      }
    }
  }
  EXPECT_GT(yes, 1000u);
  EXPECT_GT(no, 1000u);
}

}  // namespace
}  // namespace allauth::policy
