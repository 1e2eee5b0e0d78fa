// The reader against JSONTestSuite: what is JSON is read, what is not is refused, whatever the profile, but
// for what a profile says it takes.
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>

#include <gtest/gtest.h>

#include "codec/json/read.h"
#include "codec/json/write.h"

namespace allauth::json {
namespace {

namespace fs = std::filesystem;

fs::path suite(const std::string& name) {
  const char* given = std::getenv("ALLAUTH_SUITES");
  const fs::path root =
      given != nullptr ? fs::path(given) : fs::path(ALLAUTH_SOURCE_DIR) / ".." / "shared" / "suites";
  return root / "json" / name;
}

std::string content(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

using Names = std::set<std::string>;

// The files of the folder that are read although their names do not begin with "y_", and those that are
// refused although they do.
std::pair<Names, Names> surprises(const ReadRules& rules) {
  Names taken, refused;
  for (const auto& entry : fs::directory_iterator(suite("test_parsing"))) {
    const std::string name = entry.path().filename();
    const bool read_it = read(content(entry.path()), rules).has_value();
    if (read_it && name.starts_with("n_")) taken.insert(name);
    if (!read_it && name.starts_with("y_")) refused.insert(name);
  }
  return {taken, refused};
}

TEST(JsonSuite, IsReadStrictly) {
  if (!fs::exists(suite("test_parsing"))) GTEST_SKIP() << "no JSONTestSuite at " << suite("test_parsing");
  const auto [taken, refused] = surprises({.bytes = 1 << 20, .depth = 600});
  EXPECT_EQ(taken, Names{});
  EXPECT_EQ(refused, (Names{"y_object_duplicated_key.json", "y_object_duplicated_key_and_value.json"}));
}

TEST(JsonSuite, IsReadLenientlyWhereAProfileSaysSo) {
  if (!fs::exists(suite("test_parsing"))) GTEST_SKIP() << "no JSONTestSuite at " << suite("test_parsing");
  const auto [commas, none] =
      surprises({.twice = Twice::last_wins, .trailing_commas = true, .bytes = 1 << 20, .depth = 600});
  const Names with_one_comma_more{"n_array_extra_comma.json", "n_array_number_and_comma.json",
                                  "n_object_trailing_comma.json"};
  for (const auto& name : commas) EXPECT_TRUE(with_one_comma_more.contains(name)) << name;
  EXPECT_FALSE(commas.empty());
  EXPECT_EQ(none, Names{});
  // Whatever follows the document is no longer its matter.
  const auto [rest, also_none] =
      surprises({.twice = Twice::last_wins, .rest = Rest::ignored, .bytes = 1 << 20, .depth = 600});
  for (const auto& name : rest) {
    const auto text = content(suite("test_parsing") / name);
    EXPECT_FALSE(read(text, {.twice = Twice::last_wins, .bytes = 1 << 20, .depth = 600})) << name;
  }
  EXPECT_FALSE(rest.empty());
  EXPECT_EQ(also_none, Names{});
}

TEST(JsonSuite, IsTheSameWhenWrittenAndReadAgain) {
  if (!fs::exists(suite("test_parsing"))) GTEST_SKIP() << "no JSONTestSuite at " << suite("test_parsing");
  const ReadRules rules{.bytes = 1 << 20, .depth = 600};
  std::size_t files = 0;
  for (const auto& entry : fs::directory_iterator(suite("test_parsing"))) {
    const auto value = read(content(entry.path()), rules);
    if (!value) continue;
    for (const auto escapes : {Escapes::least, Escapes::html, Escapes::ascii}) {
      const auto again = read(write(*value, {.escapes = escapes}), rules);
      ASSERT_TRUE(again) << entry.path();
      EXPECT_EQ(write(*again, {}), write(*value, {})) << entry.path();
    }
    ++files;
  }
  EXPECT_GT(files, 55U);
}

}  // namespace
}  // namespace allauth::json
