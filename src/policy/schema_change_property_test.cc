// A graph that lived through changes of its schema is the same as one that was made anew from the last.
#include <atomic>
#include <mutex>
#include <random>
#include <thread>

#include <gtest/gtest.h>

#include "policy/check.h"
#include "policy/test_text.h"

namespace allauth::policy {
namespace {

constexpr std::string_view kBase =
    "definition user {}\n"
    "definition team {\n relation member: user | team#member\n}\n";

using Schema = std::shared_ptr<const CompiledSchema>;

class Chance {
 public:
  explicit Chance(unsigned seed) : random_(seed) {}
  unsigned below(unsigned n) { return static_cast<unsigned>(random_() % n); }
  bool mostly() { return below(4) != 0; }

 private:
  std::mt19937 random_;
};

// Own definitions own/kind0 … own/kind3, some of them there; the text may break a rule.
class Draft {
 public:
  explicit Draft(Chance& chance) : chance_(chance) {}

  std::string text() {
    std::string text;
    for (unsigned i = 0; i < 4; ++i)
      if (chance_.mostly()) text += fmt::format("definition own/kind{} {{\n{}}}\n", i, body());
    return text;
  }

 private:
  std::string body() {
    std::string text;
    for (unsigned i = 0; i < 3; ++i)
      if (chance_.mostly()) text += fmt::format(" relation rel{}: {}\n", i, types());
    for (unsigned i = 0; i < 2; ++i)
      if (chance_.mostly()) text += fmt::format(" permission per{} = {}\n", i, expression());
    return text;
  }
  std::string types() {
    std::string text = type();
    while (chance_.below(2) == 0) text += " | " + type();
    return text;
  }
  std::string type() {
    switch (chance_.below(6)) {
      case 0:
        return "user:*";
      case 1:
        return "team#member";
      case 2:
        return kind();
      case 3:
        return kind() + "#" + member();
      default:
        return "user";
    }
  }
  std::string expression() {
    static constexpr std::array<std::string_view, 3> kOperators{" + ", " & ", " - "};
    std::string text = operand();
    if (chance_.below(2) == 0) text += std::string(kOperators[chance_.below(3)]) + operand();
    return text;
  }
  std::string operand() {
    return chance_.below(3) == 0 ? fmt::format("rel{}->{}", chance_.below(3), member()) : member();
  }
  std::string member() {
    return fmt::format("{}{}", chance_.below(3) == 0 ? "per" : "rel", chance_.below(3));
  }
  std::string kind() { return fmt::format("own/kind{}", chance_.below(4)); }

  Chance& chance_;
};

Schema compile(const std::string& own, const CompiledSchema* before) {
  return compile_schema({.text = kBase, .own = own, .before = before}).value();
}

std::string random_own(Chance& chance) {
  for (;;) {
    std::string text = Draft(chance).text();
    if (!text.empty() && compile_schema({.text = kBase, .own = text})) return text;
  }
}

std::string random_fact(Chance& chance) {
  const auto object = [&] {
    static constexpr std::array<std::string_view, 5> kKinds{"team", "own/kind0", "own/kind1", "own/kind2",
                                                            "own/kind3"};
    return fmt::format("{}:{}", kKinds[chance.below(5)], chance.below(3));
  };
  static constexpr std::array<std::string_view, 4> kRelations{"member", "rel0", "rel1", "rel2"};
  const std::string resource = fmt::format("{}#{}", object(), kRelations[chance.below(4)]);
  switch (chance.below(5)) {
    case 0:
      return resource + "@user:*";
    case 1:
      return fmt::format("{}@{}", resource, object());
    case 2:
      return fmt::format("{}@{}#{}", resource, object(), kRelations[chance.below(4)]);
    default:
      return fmt::format("{}@user:{}", resource, chance.below(3));
  }
}

// One graph with a history, and the facts that it should have.
class Life {
 public:
  explicit Life(unsigned seed) : chance_(seed) {}

  void step() {
    const std::string own = random_own(chance_);
    const Schema next = compile(own, &editor_.freeze().schema());
    ASSERT_TRUE(editor_.set_schema(next));
    Graph::Editor anew{Graph(compile(own, nullptr))};
    std::erase_if(facts_, [&](const std::string& fact) { return !anew.add(parse_edge(fact).value()); });
    for (unsigned i = 0; i < 60; ++i) relate(anew, random_fact(chance_));
    compare(editor_.freeze(), anew.freeze());
  }

  std::size_t allowed = 0, denied = 0;

 private:
  void relate(Graph::Editor& anew, const std::string& fact) {
    const auto fresh = anew.add(parse_edge(fact).value());
    const auto added = editor_.add(parse_edge(fact).value());
    ASSERT_EQ(added.has_value(), fresh.has_value()) << fact;
    if (!fresh) {
      ASSERT_EQ(added.error().message, fresh.error().message);
    } else {
      ASSERT_EQ(*added, *fresh) << fact;
      if (*fresh) facts_.push_back(fact);
    }
  }

  void compare(const Graph& lived, const Graph& anew) {
    ASSERT_EQ(lived.size(), anew.size());
    for (const std::string& fact : facts_) ASSERT_TRUE(lived.contains(parse_edge(fact).value())) << fact;
    for (unsigned kind = 0; kind < 4; ++kind) {
      for (const std::string_view member : {"rel0", "rel1", "rel2", "per0", "per1"})
        for (const std::string_view subject : {"user:0", "user:1", "user:9", "team:0#member", "own/kind1:0"})
          ask(lived, anew, fmt::format("own/kind{}:{}#{}@{}", kind, chance_.below(3), member, subject));
    }
  }

  void ask(const Graph& lived, const Graph& anew, const std::string& question) {
    const Edge edge = parse_edge(question).value();
    const CheckQuery query{.subject = edge.subject, .permission = edge.relation, .object = edge.resource};
    const auto one = Engine().explain(lived, 1, query);
    const auto other = Engine().explain(anew, 1, query);
    ASSERT_EQ(one.has_value(), other.has_value()) << question;
    if (!one) {
      ASSERT_EQ(one.error().message, other.error().message) << question;
      return;
    }
    ASSERT_EQ(one->decision.allowed(), other->decision.allowed()) << question;
    ASSERT_EQ(one->decision.allowed(), Engine().check(lived, 1, query)->allowed()) << question;
    ++(one->decision.allowed() ? allowed : denied);
  }

  Chance chance_;
  Graph::Editor editor_{Graph(compile({}, nullptr))};
  std::vector<std::string> facts_;
};

// Readers go on with the version that they have; its answers are those of its own schema.
TEST(SchemaChanges, AreNothingToThoseWhoAskAnOlderGraph) {
  const std::string open = "definition own/kind0 {\n relation rel0: user\n permission per0 = rel0\n}\n";
  const std::string closed = "definition own/kind0 {\n relation rel0: user\n permission per0 = nil\n}\n";
  Graph::Editor editor{Graph(compile(open, nullptr))};
  ASSERT_TRUE(editor.add(parse_edge("own/kind0:0#rel0@user:0").value()));
  std::mutex mutex;
  std::pair<Graph, bool> newest{editor.freeze(), true};
  std::atomic<bool> done{false};
  const auto ask = [&] {
    const Edge edge = parse_edge("own/kind0:0#per0@user:0").value();
    while (!done.load()) {
      const auto [graph, allowed] = [&] {
        const std::lock_guard lock(mutex);
        return newest;
      }();
      const auto decision = Engine().check(
          graph, 1, {.subject = edge.subject, .permission = edge.relation, .object = edge.resource});
      ASSERT_EQ(decision->allowed(), allowed);
    }
  };
  std::jthread one(ask), two(ask);
  for (int i = 1; i <= 300; ++i) {
    const bool allowed = i % 2 == 0;
    ASSERT_TRUE(editor.set_schema(compile(allowed ? open : closed, &newest.first.schema())));
    ASSERT_TRUE(editor.add(parse_edge(fmt::format("own/kind0:{}#rel0@user:{}", i, i)).value()));
    std::pair next{editor.freeze(), allowed};
    const std::lock_guard lock(mutex);
    newest = std::move(next);
  }
  done.store(true);
}

TEST(SchemaChanges, LeaveAGraphThatIsTheSameAsANewOne) {
  std::size_t allowed = 0, denied = 0;
  for (unsigned seed = 0; seed < 60; ++seed) {
    Life life(seed);
    for (int i = 0; i < 8 && !testing::Test::HasFailure(); ++i) life.step();
    ASSERT_FALSE(testing::Test::HasFailure()) << "seed " << seed;
    allowed += life.allowed;
    denied += life.denied;
  }
  EXPECT_GT(allowed, 500u);
  EXPECT_GT(denied, 1000u);
}

}  // namespace
}  // namespace allauth::policy
