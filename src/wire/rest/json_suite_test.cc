// The strict reader against JSONTestSuite, with google.protobuf.Value as the free-form root.
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>

#include <google/protobuf/struct.pb.h>
#include <gtest/gtest.h>

#include "wire/rest/json_read.h"
#include "wire/rest/json_write.h"

namespace allauth::wire {
namespace {

namespace fs = std::filesystem;

fs::path suite(const std::string& name) {
  const char* given = std::getenv("ALLAUTH_SUITES");
  const fs::path root =
      given != nullptr ? fs::path(given) : fs::path(ALLAUTH_SOURCE_DIR) / ".." / "shared" / "suites";
  return root / "json" / name;
}

// "ok", or the reason of the refusal.
std::string outcome(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  const std::string text((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  google::protobuf::Value value;
  const JsonLimits wide{.depth = 512, .metadata_depth = 512, .metadata_bytes = 1 << 20};
  const auto read = read_json(text, value, wide);
  return read ? "ok" : std::string(read.error().reason.slug());
}

TEST(JsonSuite, AcceptsWhatIsJsonAndRefusesWhatIsNot) {
  const fs::path folder = suite("test_parsing");
  if (!fs::exists(folder)) GTEST_SKIP() << "no JSONTestSuite at " << folder;
  // Valid JSON that we refuse on purpose: which of two equal keys counts is anybody's guess.
  const std::set<std::string> duplicates{"y_object_duplicated_key.json",
                                         "y_object_duplicated_key_and_value.json"};
  std::size_t files = 0;
  for (const auto& entry : fs::directory_iterator(folder)) {
    const std::string name = entry.path().filename();
    const std::string got = outcome(entry.path());
    ++files;
    if (duplicates.contains(name))
      EXPECT_EQ(got, "json.duplicate_member") << name;
    else if (name.starts_with("y_"))
      EXPECT_EQ(got, "ok") << name;
    else if (name.starts_with("n_"))
      EXPECT_NE(got, "ok") << name;
  }
  EXPECT_GT(files, 150u);
}

// Where RFC 8259 leaves a choice (i_) or parsers are known to differ, this is ours.
TEST(JsonSuite, DecidesOpenCasesAlwaysTheSameWay) {
  if (!fs::exists(suite("test_parsing"))) GTEST_SKIP() << "no JSONTestSuite at " << suite("test_parsing");
  std::set<std::string> accepted;
  for (const auto* folder : {"test_parsing", "test_transform"}) {
    for (const auto& entry : fs::directory_iterator(suite(folder))) {
      const std::string name = entry.path().filename();
      if (!name.starts_with("y_") && !name.starts_with("n_") && outcome(entry.path()) == "ok")
        accepted.insert(name);
    }
  }
  // Refused, therefore: numbers that a double cannot hold, lone surrogates, bad UTF-8, other
  // encodings, byte order marks and duplicate members.
  EXPECT_EQ(accepted,
            (std::set<std::string>{"i_structure_500_nested_arrays.json", "number_1.0.json",
                                   "number_1.000000000000000005.json", "number_1000000000000000.json",
                                   "number_1e6.json", "number_9223372036854775808.json",
                                   "object_key_nfd_nfc.json", "string_with_escaped_NULL.json"}));
}

}  // namespace
}  // namespace allauth::wire
