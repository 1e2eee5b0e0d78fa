// The engine against the oracle: random schemas with all that the language has, on random relationships with
// cycles. ALLAUTH_EXPLORE=all looks at many more.
#include <cstdlib>
#include <random>

#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include "policy/testing/random_world.h"

namespace allauth::policy {
namespace {

unsigned worlds() {
  const char* const set = std::getenv("ALLAUTH_EXPLORE");
  return set != nullptr && std::string_view(set) == "all" ? 5'000 : 60;
}

// Two users, and others: objects, some that nobody mentioned, and some who hold something.
std::vector<SubjectRef> subjects_of(const World& world, std::mt19937& random) {
  std::vector<SubjectRef> subjects;
  for (const ResolvedDefinition& definition : world.language().definitions) {
    for (const std::string_view id : {"a", "b", "z"}) {
      subjects.push_back({{definition.name, id}});
      if (definition.members.empty()) continue;
      const ResolvedMember& member = definition.members[random() % definition.members.size()];
      subjects.push_back({{definition.name, id}, world.language().names[member.name]});
    }
  }
  std::shuffle(subjects.begin(), subjects.end(), random);
  subjects.resize(std::min<std::size_t>(subjects.size(), 6));
  subjects.push_back({{"user", "a"}});
  subjects.push_back({{"user", "b"}});
  return subjects;
}

TEST(Engines, AgreeWithTheOracleOnRandomSchemasAndRelationships) {
  World::Counts all;
  const unsigned count = worlds();
  for (unsigned seed = 0; seed < count; ++seed) {
    std::mt19937 random(seed);
    const std::string schema = random_schema(random);
    const auto world = World::make(schema).value();
    fill(*world, random);
    for (const SubjectRef& subject : subjects_of(*world, random)) {
      const std::string difference = world->difference(subject);
      ASSERT_TRUE(difference.empty())
          << fmt::format("seed {}\n{}\n{}\n{}", seed, schema, fmt::join(world->facts(), "\n"), difference);
    }
    all.yes += world->counts().yes;
    all.no += world->counts().no;
    all.undefined += world->counts().undefined;
  }
  RecordProperty("yes", static_cast<int>(all.yes));
  RecordProperty("no", static_cast<int>(all.no));
  RecordProperty("undefined", static_cast<int>(all.undefined));
  EXPECT_GT(all.yes, count * 8u);
  EXPECT_GT(all.no, count * 20u);
  EXPECT_GT(all.undefined, count / 10u);
}

}  // namespace
}  // namespace allauth::policy
