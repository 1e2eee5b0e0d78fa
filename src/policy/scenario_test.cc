// Runs tests/scenarios/*.yaml, each a test of its own:
//   schema: core, or the text of a schema
//   relationships: one per line, "channel:ch1#publisher@client:c1"
//   grants: [{object: "domain:d1", role: r1, actions: [client_read]}]
//   assertions: {assertTrue: ["channel:ch1#can_publish@client:c1"], assertFalse: […]}
//   explain: [{check: "channel:ch1#can_publish@client:c1", lines: ["part of a line", …]}]
// Every assertion is also explained, and the explanation has to come to the same answer.
#include <filesystem>
#include <sstream>

#include <fmt/ranges.h>
#include <gtest/gtest.h>
#include <yaml-cpp/yaml.h>

#include "policy/check.h"
#include "policy/core_schema.h"
#include "policy/test_text.h"

namespace allauth::policy {
namespace {

std::filesystem::path scenario_folder() {
  return std::filesystem::path(ALLAUTH_SOURCE_DIR) / "tests" / "scenarios";
}

std::vector<std::string> scenario_names() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(scenario_folder())) {
    if (entry.path().extension() == ".yaml") names.push_back(entry.path().stem().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

class Scenarios : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    document_ = YAML::LoadFile((scenario_folder() / (GetParam() + ".yaml")).string());
    const auto text = document_["schema"].as<std::string>();
    auto schema =
        text == "core" ? Result<std::shared_ptr<const CompiledSchema>>(core_schema()) : compile_schema(text);
    ASSERT_TRUE(schema) << schema.error().message;
    schema_ = *schema;
    Graph::Editor editor{Graph(schema_)};
    add_relationships(editor);
    for (const auto& grant : document_["grants"]) add_grant(editor, grant);
    graph_.emplace(editor.freeze());
  }

  void add_relationships(Graph::Editor& editor) {
    if (!document_["relationships"]) return;
    std::istringstream lines(document_["relationships"].as<std::string>());
    for (std::string line; std::getline(lines, line);) {
      if (line.empty() || line.starts_with("//")) continue;
      const auto edge = parse_edge(line);
      ASSERT_TRUE(edge) << line;
      const auto added = editor.add(*edge);
      ASSERT_TRUE(added) << line << ": " << added.error().message;
      EXPECT_TRUE(*added) << "twice: " << line;
    }
  }

  static void add_grant(Graph::Editor& editor, const YAML::Node& grant) {
    const auto object = grant["object"].as<std::string>();
    const auto actions = grant["actions"].as<std::vector<std::string>>();
    const std::vector<std::string_view> views(actions.begin(), actions.end());
    const auto set = editor.set_grants(parse_subject(object)->object, grant["role"].as<std::string>(),
                                       Effect::allow, views);
    ASSERT_TRUE(set) << set.error().message;
  }

  void expect(const std::string& text, bool allowed) {
    const auto edge = parse_edge(text);
    ASSERT_TRUE(edge) << text;
    const CheckQuery query{.subject = edge->subject, .permission = edge->relation, .object = edge->resource};
    const Engine engine(schema_);
    const auto decision = engine.check(*graph_, 7, query);
    ASSERT_TRUE(decision) << text << ": " << decision.error().message;
    const auto explanation = engine.explain(*graph_, 7, query);
    ASSERT_TRUE(explanation) << text;
    const std::string why = fmt::format("{}\n{}", text, fmt::join(explanation->lines(), "\n"));
    EXPECT_EQ(decision->allowed(), allowed) << why;
    EXPECT_EQ(explanation->decision.allowed(), allowed) << why;
    EXPECT_EQ(decision->revision(), 7u);
  }

  void expect_lines(const YAML::Node& explain) {
    const auto text = explain["check"].as<std::string>();
    const auto edge = parse_edge(text);
    ASSERT_TRUE(edge) << text;
    const auto explanation = Engine(schema_).explain(
        *graph_, 7, {.subject = edge->subject, .permission = edge->relation, .object = edge->resource});
    ASSERT_TRUE(explanation) << text << ": " << explanation.error().message;
    const std::string all = fmt::format("{}", fmt::join(explanation->lines(), "\n"));
    for (const auto& part : explain["lines"])
      EXPECT_NE(all.find(part.as<std::string>()), std::string::npos) << part << "\nis not in\n" << all;
  }

  YAML::Node document_;
  std::shared_ptr<const CompiledSchema> schema_;
  std::optional<Graph> graph_;
};

TEST_P(Scenarios, Hold) {
  if (HasFatalFailure()) return;
  std::size_t assertions = 0;
  for (const auto& text : document_["assertions"]["assertTrue"]) {
    expect(text.as<std::string>(), true);
    ++assertions;
  }
  for (const auto& text : document_["assertions"]["assertFalse"]) {
    expect(text.as<std::string>(), false);
    ++assertions;
  }
  for (const auto& explain : document_["explain"]) expect_lines(explain);
  EXPECT_GT(assertions, 0u) << "a scenario that asserts nothing";
}

INSTANTIATE_TEST_SUITE_P(Files, Scenarios, testing::ValuesIn(scenario_names()),
                         [](const auto& info) { return info.param; });

}  // namespace
}  // namespace allauth::policy
