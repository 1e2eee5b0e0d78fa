// Many checks at once say what each says alone: on random schemas and relationships, in any order.
// ALLAUTH_EXPLORE=all looks at many more worlds.
#include <algorithm>
#include <cstdlib>
#include <random>

#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include "policy/test_text.h"
#include "policy/testing/random_world.h"

namespace allauth::policy {
namespace {

unsigned worlds() {
  const char* const set = std::getenv("ALLAUTH_EXPLORE");
  return set != nullptr && std::string_view(set) == "all" ? 5'000 : 150;
}

// About everything that is there, and one thing of each kind that is not, for some subjects.
std::vector<CheckQuery> questions_of(World& world, std::mt19937& random) {
  const auto& language = world.language();
  std::vector<ObjectRef> objects = world.oracle().objects();
  for (const ResolvedDefinition& definition : language.definitions) objects.push_back({definition.name, "z"});
  std::vector<SubjectRef> subjects;
  for (int i = 0; i < 4; ++i) subjects.push_back({objects[random() % objects.size()]});
  subjects.push_back({{"user", "a"}});
  subjects.push_back({objects.front(), "no such relation"});
  std::vector<CheckQuery> queries;
  for (const SubjectRef& subject : subjects) {
    for (const ObjectRef& object : objects) {
      const auto definition = std::ranges::find(language.definitions, object.kind, &ResolvedDefinition::name);
      for (const ResolvedMember& member : definition->members)
        queries.push_back({.subject = subject, .permission = language.names[member.name], .object = object});
    }
  }
  std::ranges::shuffle(queries, random);
  return queries;
}

std::string difference(const Result<Decision>& one, const Result<Decision>& other) {
  if (one.has_value() != other.has_value()) return "only one is an answer";
  if (!one) return one.error().reason == other.error().reason ? "" : "the errors are not the same";
  if (one->allowed() != other->allowed()) return "the answers are not the same";
  if (one->rule() != other->rule()) return "the rules are not the same";
  return std::ranges::equal(one->evidence(), other->evidence()) ? "" : "the evidence is not the same";
}

TEST(ManyChecks, SayWhatEachSaysAlone) {
  for (unsigned seed = 0; seed < worlds(); ++seed) {
    std::mt19937 random(seed);
    const std::string schema = random_schema(random);
    const auto world = World::make(schema).value();
    fill(*world, random);
    const Engine engine;
    const Graph graph = world->graph();
    const std::vector<CheckQuery> queries = questions_of(*world, random);
    const auto answers = engine.check_many(graph, 1, queries, {.max_work = 100'000'000});
    ASSERT_EQ(answers.size(), queries.size());
    for (std::size_t i = 0; i < queries.size(); ++i) {
      const CheckQuery& query = queries[i];
      ASSERT_EQ(difference(answers[i], engine.check(graph, 1, query)), "")
          << fmt::format("seed {}\n{}\n{}\n{}:{}#{} for {}:{}", seed, schema, fmt::join(world->facts(), "\n"),
                         query.object.kind, query.object.id, query.permission, query.subject.object.kind,
                         query.subject.object.id);
    }
  }
}

constexpr std::string_view kDocs =
    "definition user {}\n"
    "definition folder {\n relation parent: folder\n relation viewer: user\n"
    " permission view = viewer + parent->view\n}\n"
    "definition doc {\n relation folder: folder\n relation banned: user\n"
    " permission view = folder->view - banned\n}\n";

class ManyDocs : public testing::Test {
 protected:
  ManyDocs() {
    Graph::Editor editor{Graph(schema_)};
    for (int i = 0; i < 100; ++i)
      editor.add({{"folder", std::to_string(i)}, "parent", {{"folder", std::to_string(i + 1)}}}).value();
    for (int i = 0; i < 50; ++i) {
      names_.push_back(fmt::format("d{}", i));
      editor.add({{"doc", names_.back()}, "folder", {{"folder", "0"}}}).value();
    }
    editor.add(parse_edge("folder:100#viewer@user:ann").value()).value();
    graph_ = editor.freeze();
  }
  std::vector<CheckQuery> ask_for_all(std::string_view user) const {
    std::vector<CheckQuery> queries;
    for (const std::string& name : names_)
      queries.push_back({.subject = {{"user", user}}, .permission = "view", .object = {"doc", name}});
    return queries;
  }

  std::shared_ptr<const CompiledSchema> schema_ = compile_schema(kDocs).value();
  Engine engine_;
  Graph graph_{schema_};
  std::vector<std::string> names_;
};

TEST_F(ManyDocs, ShareWhatIsNotThere) {
  // One of them has to look at a hundred folders, the others need not again.
  for (const auto& answer : engine_.check_many(graph_, 1, ask_for_all("bob"), {.max_work = 1'000}))
    EXPECT_FALSE(answer.value().allowed());
}

TEST_F(ManyDocs, HaveOneLimitTogether) {
  auto queries = ask_for_all("ann");
  const auto answers = engine_.check_many(graph_, 1, queries, {.max_work = 1'000});
  EXPECT_TRUE(answers.front().value().allowed());
  EXPECT_EQ(answers.back().error().reason, Reason("policy.work.exceeded"));
  const std::atomic<bool> stop = true;
  EXPECT_EQ(engine_.check_many(graph_, 1, queries, {.stop = &stop}).front().error().reason,
            Reason("policy.stopped"));
}

TEST_F(ManyDocs, KeepTheirGuestsToThemselves) {
  const Edge guest = parse_edge("folder:100#viewer@user:bob").value();
  auto queries = ask_for_all("bob");
  queries[1].guests = {&guest, 1};
  queries[3].object.kind = "teapot";
  const auto answers = engine_.check_many(graph_, 1, queries);
  for (std::size_t i = 0; i < answers.size(); ++i) {
    if (i == 3)
      EXPECT_EQ(answers[i].error().reason, Reason("policy.kind.unknown"));
    else
      EXPECT_EQ(answers[i].value().allowed(), i == 1) << i;
  }
}

}  // namespace
}  // namespace allauth::policy
