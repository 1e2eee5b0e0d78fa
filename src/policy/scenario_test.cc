// Runs tests/scenarios/*.yaml and those of the dialects (test_words.h), each a test of its own:
//   schema: core, or the text of a schema
//   fragment: the name of a dialect's fragment, added to the schema
//   relationships: one per line, "channel:ch1#publisher@client:c1"
//   grants: [{object: "domain:d1", role: r1, actions: [client_read], deny: [client_delete]}]
//   assertions: {assertTrue: ["channel:ch1#can_publish@client:c1"], assertFalse: […]}
//   exactly: {"user:u1 on client:c1": [read]}: of the permissions that begin with can_, or of the fragment's,
//            these, named without their prefix, and no other. How to name many at once: test_words.h
//   explain: [{check: "channel:ch1#can_publish@client:c1", lines: ["part of a line", …]}]
// Every assertion is also explained, and the explanation has to come to the same answer.
#include <fmt/ranges.h>
#include <gtest/gtest.h>
#include <yaml-cpp/yaml.h>

#include "policy/check.h"
#include "policy/core_schema.h"
#include "policy/test_text.h"
#include "policy/test_words.h"

namespace allauth::policy {
namespace {

std::vector<std::filesystem::path> scenario_files() {
  auto files = yaml_files(core_words().scenarios);
  for (const Words& words : dialect_words())
    for (auto& file : yaml_files(words.scenarios)) files.push_back(std::move(file));
  return files;
}

class Scenarios : public testing::TestWithParam<std::filesystem::path> {
 protected:
  void SetUp() override {
    document_ = YAML::LoadFile(GetParam().string());
    if (document_["fragment"]) find_fragment(document_["fragment"].as<std::string>());
    permissions_ = words_.permissions();
    auto schema = compile();
    ASSERT_TRUE(schema) << schema.error().message;
    schema_ = *schema;
    Graph::Editor editor{Graph(schema_)};
    add_relationships(editor);
    for (const auto& grant : document_["grants"]) add_grant(editor, grant);
    graph_.emplace(editor.freeze());
  }

  void find_fragment(const std::string& name) {
    const auto all = dialect_words();
    const auto found = std::ranges::find(all, name, &Words::prefix);
    ASSERT_NE(found, all.end()) << "no fragment " << name;
    words_ = *found;
  }

  Result<std::shared_ptr<const CompiledSchema>> compile() const {
    const auto text = document_["schema"].as<std::string>();
    std::vector<Fragment> fragments;
    if (document_["fragment"]) fragments.push_back(words_.fragment());
    return compile_schema({.text = text == "core" ? core_schema_text() : text, .fragments = fragments});
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
    for (const auto& [key, effect] : {std::pair("actions", Effect::allow), std::pair("deny", Effect::deny)}) {
      if (!grant[key]) continue;
      const auto actions = grant[key].as<std::vector<std::string>>();
      const std::vector<std::string_view> views(actions.begin(), actions.end());
      const auto set =
          editor.set_grants(parse_subject(object)->object, grant["role"].as<std::string>(), effect, views);
      ASSERT_TRUE(set) << set.error().message;
    }
  }

  void expect(const std::string& text, bool allowed) {
    const auto edge = parse_edge(text);
    ASSERT_TRUE(edge) << text;
    const CheckQuery query{.subject = edge->subject, .permission = edge->relation, .object = edge->resource};
    const Engine engine;
    const auto decision = engine.check(*graph_, 7, query);
    ASSERT_TRUE(decision) << text << ": " << decision.error().message;
    const auto explanation = engine.explain(*graph_, 7, query);
    ASSERT_TRUE(explanation) << text;
    const std::string why = fmt::format("{}\n{}", text, fmt::join(explanation->lines(), "\n"));
    EXPECT_EQ(decision->allowed(), allowed) << why;
    EXPECT_EQ(explanation->decision.allowed(), allowed) << why;
    EXPECT_EQ(decision->revision(), 7u);
  }

  // "user:u1 on client:c1": each permission of that kind as it is said. How many?
  std::size_t expect_exactly(const std::string& who_and_where, const std::vector<std::string>& said) {
    const std::size_t middle = who_and_where.find(" on ");
    const std::string object = who_and_where.substr(middle + 4);
    const auto& all = permissions_[object.substr(0, object.find(':'))];
    const Picked picked = pick(all, said);
    for (const std::string& permission : all) {
      expect(fmt::format("{}#{}_{}@{}", object, words_.prefix, permission, who_and_where.substr(0, middle)),
             picked.given.contains(permission));
    }
    EXPECT_TRUE(picked.unknown.empty())
        << who_and_where << ": there is no " << fmt::format("{}", fmt::join(picked.unknown, ", "));
    return all.size();
  }

  void expect_lines(const YAML::Node& explain) {
    const auto text = explain["check"].as<std::string>();
    const auto edge = parse_edge(text);
    ASSERT_TRUE(edge) << text;
    const auto explanation = Engine().explain(
        *graph_, 7, {.subject = edge->subject, .permission = edge->relation, .object = edge->resource});
    ASSERT_TRUE(explanation) << text << ": " << explanation.error().message;
    const std::string all = fmt::format("{}", fmt::join(explanation->lines(), "\n"));
    for (const auto& part : explain["lines"])
      EXPECT_NE(all.find(part.as<std::string>()), std::string::npos) << part << "\nis not in\n" << all;
  }

  YAML::Node document_;
  Words words_ = core_words();
  Permissions permissions_;
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
  for (const auto& entry : document_["exactly"]) {
    assertions += expect_exactly(entry.first.as<std::string>(), entry.second.as<std::vector<std::string>>());
  }
  for (const auto& explain : document_["explain"]) expect_lines(explain);
  EXPECT_GT(assertions, 0u) << "a scenario that asserts nothing";
}

INSTANTIATE_TEST_SUITE_P(Files, Scenarios, testing::ValuesIn(scenario_files()),
                         [](const auto& info) { return info.param.stem().string(); });

}  // namespace
}  // namespace allauth::policy
