// What holds for every dialect's fragment: it compiles by itself and beside all others, and has no oddities.
// And for these and the core schema: the scenarios say of each permission at least once that somebody has it
// and once that somebody has not.
#include <set>

#include <gtest/gtest.h>
#include <yaml-cpp/yaml.h>

#include "policy/test_words.h"

namespace allauth::policy {
namespace {

std::string first_warning(const CompiledSchema& schema) {
  return schema.warnings().empty() ? "" : schema.warnings().front();
}

TEST(DialectFragments, CompileOneByOneSoThatNoneNeedsAnother) {
  for (const Words& words : dialect_words()) {
    const Fragment fragment = words.fragment();
    const auto schema = compile_schema({.text = core_schema_text(), .fragments = {&fragment, 1}});
    ASSERT_TRUE(schema) << schema.error().message;
    EXPECT_EQ(first_warning(**schema), "");
  }
}

TEST(DialectFragments, CompileTogether) {
  const auto all = dialect_words();
  std::vector<Fragment> fragments;
  for (const Words& words : all) fragments.push_back(words.fragment());
  const auto schema = compile_schema({.text = core_schema_text(), .fragments = fragments});
  ASSERT_TRUE(schema) << schema.error().message;
  EXPECT_EQ(first_warning(**schema), "");
}

// "definition#permission" as the `exactly` parts of the scenarios give and refuse them.
struct Said {
  std::set<std::string> given, refused;

  void read(const Words& words) {
    const auto permissions = words.permissions();
    for (const auto& path : yaml_files(words.scenarios)) {
      for (const auto& entry : YAML::LoadFile(path.string())["exactly"])
        add(permissions, entry.first.as<std::string>(), entry.second.as<std::vector<std::string>>());
    }
  }

  void add(const Permissions& permissions, const std::string& who_and_where,
           const std::vector<std::string>& named) {
    const std::size_t start = who_and_where.find(" on ") + 4;
    const std::string kind = who_and_where.substr(start, who_and_where.find(':', start) - start);
    const auto all = permissions.find(kind);
    ASSERT_NE(all, permissions.end()) << who_and_where;
    const Picked picked = pick(all->second, named);
    for (const std::string& permission : all->second)
      (picked.given.contains(permission) ? given : refused).insert(kind + "#" + permission);
  }
};

TEST(ScenariosTogether, GiveAndRefuseEachPermission) {
  auto all = dialect_words();
  all.push_back(core_words());
  for (const Words& words : all) {
    Said said;
    said.read(words);
    for (const auto& [kind, permissions] : words.permissions()) {
      for (const std::string& permission : permissions) {
        const std::string name = kind + "#" + permission;
        EXPECT_TRUE(said.given.contains(name)) << words.prefix << ": nobody has " << name;
        EXPECT_TRUE(said.refused.contains(name)) << words.prefix << ": nobody lacks " << name;
      }
    }
  }
}

}  // namespace
}  // namespace allauth::policy
