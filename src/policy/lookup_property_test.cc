// The look-ups against the oracle: on random schemas and relationships they list exactly those for whom the
// answer is yes. ALLAUTH_EXPLORE=all looks at many more worlds.
#include <cstdlib>
#include <random>

#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include "policy/testing/lookups.h"
#include "policy/testing/random_world.h"

namespace allauth::policy {
namespace {

// Those that are open are small.
unsigned worlds(Flavour flavour) {
  const char* const set = std::getenv("ALLAUTH_EXPLORE");
  const bool all = set != nullptr && std::string_view(set) == "all";
  return (all ? 2'000 : 60) * (flavour == Flavour::open ? 3 : 1);
}

struct Case {
  std::unique_ptr<World> world;
  std::string text;  // of all that is in it
};

Case make(unsigned seed, std::mt19937& random, Flavour flavour) {
  const std::string schema = random_schema(random, flavour);
  auto world = World::make(schema).value();
  fill(*world, random);
  std::string text = fmt::format("seed {}\n{}\n{}", seed, schema, fmt::join(world->facts(), "\n"));
  return {std::move(world), std::move(text)};
}

// Of a kind's members, or none: the objects themselves.
std::string_view any_relation(const World& world, const ResolvedDefinition& definition,
                              std::mt19937& random) {
  if (definition.members.empty()) return {};
  return world.language().names[definition.members[random() % definition.members.size()].name];
}

class LookupResources : public testing::TestWithParam<Flavour> {};
class LookupSubjects : public testing::TestWithParam<Flavour> {};
INSTANTIATE_TEST_SUITE_P(Worlds, LookupResources, testing::Values(Flavour::any, Flavour::open));
INSTANTIATE_TEST_SUITE_P(Worlds, LookupSubjects, testing::Values(Flavour::any, Flavour::open));

TEST_P(LookupResources, ListsWhatTheOracleAllows) {
  for (unsigned seed = 0; seed < worlds(GetParam()); ++seed) {
    std::mt19937 random(seed);
    const Case one = make(seed, random, GetParam());
    for (const ResolvedDefinition& kind : one.world->language().definitions) {
      for (const std::string_view id : {"a", "b", "z"}) {
        const std::string_view relation = any_relation(*one.world, kind, random);
        for (const SubjectRef& subject :
             {SubjectRef{{kind.name, id}}, SubjectRef{{kind.name, id}, relation}}) {
          const std::string difference = resources_difference(*one.world, subject);
          ASSERT_TRUE(difference.empty()) << one.text << "\n" << difference;
        }
      }
    }
  }
}

TEST_P(LookupSubjects, ListsWhomTheOracleAllows) {
  for (unsigned seed = 0; seed < worlds(GetParam()); ++seed) {
    std::mt19937 random(seed);
    const Case one = make(seed, random, GetParam());
    const auto& kinds = one.world->language().definitions;
    for (const ResolvedDefinition& kind : kinds) {
      const ObjectRef object{kind.name, random() % 4 == 0 ? "z" : "a"};
      const ResolvedDefinition& other = kinds[random() % kinds.size()];
      for (const auto& [who, relation] : {std::pair<std::string_view, std::string_view>{"user", ""},
                                          {other.name, ""},
                                          {other.name, any_relation(*one.world, other, random)}}) {
        const std::string difference = subjects_difference(*one.world, object, who, relation);
        ASSERT_TRUE(difference.empty()) << one.text << "\n" << difference;
      }
    }
  }
}

}  // namespace
}  // namespace allauth::policy
