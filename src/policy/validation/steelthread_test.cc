// SpiceDB's steelthread operations that ask the engine: look-ups, in one list or in pages, and bulk checks,
// each a test of its own. Those that write or read by way of a server are no matter of the engine.
#include <fstream>
#include <iterator>
#include <set>

#include <fmt/ranges.h>
#include <gtest/gtest.h>
#include <yaml-cpp/yaml.h>

#include "policy/check.h"
#include "policy/lookup_resources.h"
#include "policy/lookup_subjects.h"
#include "policy/validation/suite_files.h"
#include "policy/validation/validation_file.h"

namespace allauth::policy {
namespace {

using Texts = std::set<std::string>;

std::filesystem::path folder() { return suite_folder() / ".." / "steelthread"; }

std::string read_text(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::vector<YAML::Node> operations() {
  std::vector<YAML::Node> mine;
  const std::set<std::string> asked{"lookupSubjects", "lookupResources", "cursoredLookupResources",
                                    "bulkCheckPermissions"};
  for (const YAML::Node& one : YAML::Load(read_text(folder() / "operations.yaml")))
    if (asked.contains(one["operation"].as<std::string>())) mine.push_back(one);
  return mine;
}

// A list of texts, or of pages of them.
void flatten(const YAML::Node& node, Texts& texts) {
  for (const YAML::Node& one : node) {
    if (one.IsSequence())
      flatten(one, texts);
    else
      texts.insert(one.as<std::string>());
  }
}

class Steelthread : public testing::TestWithParam<YAML::Node> {
 protected:
  void SetUp() override {
    const auto file = read_validation_file(read_text(folder() / "data" / text(GetParam(), "datafile")));
    ASSERT_TRUE(file) << file.error()[0].message;
    const auto schema = compile_schema(file->schema.text());
    if (!schema && schema.error().code == Code::unsupported) GTEST_SKIP() << schema.error().message;
    ASSERT_TRUE(schema) << schema.error().message;
    schema_ = *schema;
    Graph::Editor editor{Graph(schema_)};
    for (const auto& one : file->relationships) ASSERT_TRUE(editor.add(one.edge()));
    graph_.emplace(editor.freeze());
    arguments_ = GetParam()["arguments"];
  }

  static std::string text(const YAML::Node& node, const char* key) {
    return node[key] ? node[key].as<std::string>() : std::string();
  }
  std::string argument(const char* key) const { return text(arguments_, key); }

  Texts lookup_subjects() const {
    const std::string kind = argument("resource_type"), id = argument("resource_object_id");
    const std::string permission = argument("permission"), subjects = argument("subject_type");
    const auto found = policy::lookup_subjects(
        *graph_, 1,
        {.object = {kind, id}, .permission = permission, .kind = subjects, .page = {.limit = 100'000}});
    EXPECT_TRUE(found) << found.error().message;
    Texts texts(found->named.ids.begin(), found->named.ids.end());
    if (found->everyone) texts.insert(fmt::format("* - [{}]", fmt::join(found->excluded, ", ")));
    return texts;
  }

  // All pages. Each id may come once only.
  Texts lookup_resources() const {
    const std::string kind = argument("resource_type"), permission = argument("permission");
    const std::string subjects = argument("subject_type"), subject = argument("subject_object_id");
    const std::size_t size = arguments_["page_size"] ? arguments_["page_size"].as<std::size_t>() : 100'000;
    ResourceQuery query{.subject = {{subjects, subject}}, .permission = permission, .kind = kind};
    query.page.limit = size;
    Texts texts;
    do {
      const auto page = policy::lookup_resources(*graph_, 1, query);
      EXPECT_TRUE(page) << page.error().message;
      EXPECT_LE(page->ids.size(), size);
      for (const std::string& id : page->ids) EXPECT_TRUE(texts.insert(id).second) << id;
      query.page.after = page->next;
    } while (query.page.after);
    return texts;
  }

  Texts check_all() const {
    Texts texts;
    for (const YAML::Node& one : arguments_["check_requests"]) {
      const auto asked = parse_relationship(one.as<std::string>());
      EXPECT_TRUE(asked) << asked.error().message;
      const Edge edge = asked->edge();
      const auto decision = Engine().check(
          *graph_, 1, {.subject = edge.subject, .permission = edge.relation, .object = edge.resource});
      EXPECT_TRUE(decision) << decision.error().message;
      texts.insert(fmt::format("{} -> PERMISSIONSHIP_{}", one.as<std::string>(),
                               decision->allowed() ? "HAS_PERMISSION" : "NO_PERMISSION"));
    }
    return texts;
  }

  Texts answer() const {
    const std::string operation = text(GetParam(), "operation");
    if (operation == "lookupSubjects") return lookup_subjects();
    return operation == "bulkCheckPermissions" ? check_all() : lookup_resources();
  }

  std::shared_ptr<const CompiledSchema> schema_;
  std::optional<Graph> graph_;
  YAML::Node arguments_;
};

TEST_P(Steelthread, Answers) {
  if (IsSkipped() || HasFatalFailure()) return;
  Texts expected;
  flatten(YAML::Load(read_text(folder() / "expected" / text(GetParam(), "expected"))), expected);
  EXPECT_FALSE(expected.empty());
  EXPECT_EQ(answer(), expected) << text(GetParam(), "case") << ": " << text(GetParam(), "name");
}

INSTANTIATE_TEST_SUITE_P(SpiceDb, Steelthread, testing::ValuesIn(operations()));
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(Steelthread);

TEST(SteelthreadSuite, IsThere) {
  if (operations().empty()) GTEST_SKIP() << "no operations in " << folder();
  EXPECT_GE(operations().size(), 15u);
}

}  // namespace
}  // namespace allauth::policy
