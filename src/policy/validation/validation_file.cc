#include "policy/validation/validation_file.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include "base/text.h"
#include "policy/validation/yaml_limits.h"

namespace allauth::policy {
namespace {

Position position_of(const YAML::Node& node) {
  const YAML::Mark mark = node.Mark();
  return {.line = static_cast<std::uint32_t>(std::max(mark.line, 0)) + 1,
          .column = static_cast<std::uint32_t>(std::max(mark.column, 0)) + 1};
}

// Takes the document apart, part by part. What is wrong is noted and left out.
class FileReader {
 public:
  explicit FileReader(std::string_view text) : text_(text) {}

  void read(const YAML::Node& document) {
    each_part(document, "the parts are schema, schemaFile, relationships, grants, assertions and validation",
              {{"schema", &FileReader::read_schema},
               {"schemaFile", &FileReader::read_schema_file},
               {"relationships", &FileReader::read_relationships},
               {"grants", &FileReader::read_grants},
               {"assertions", &FileReader::read_assertion_lists},
               {"validation", &FileReader::read_validation}});
    if (!file_.schema.empty() && !file_.schema_file.empty())
      mistake(file_.schema_file.start(), "there is a `schema` already; one of both is enough");
  }

  std::expected<ValidationFile, std::vector<Mistake>> done() {
    if (mistakes_.empty()) return std::move(file_);
    return std::unexpected(std::move(mistakes_));
  }

 private:
  struct Part {
    std::string_view name;
    void (FileReader::*read)(const YAML::Node&);
  };

  void mistake(Position at, std::string message, Reason reason = "validation.syntax") {
    if (mistakes_.size() < kMaxMistakes) mistakes_.push_back({at, reason, std::move(message)});
  }
  void mistake(const YAML::Node& at, std::string message) { mistake(position_of(at), std::move(message)); }
  void mistake(Position at, const Error& error) {
    std::string_view message = error.message;
    if (message.ends_with('.')) message.remove_suffix(1);
    mistake(at, std::string(message), error.reason);
  }

  // A map whose keys are those names, each once at most.
  void each_part(const YAML::Node& node, std::string_view allowed, const std::vector<Part>& parts) {
    if (!node.IsMap()) return mistake(node, fmt::format("expected a map: {}", allowed));
    std::set<std::string> seen;
    for (const auto& entry : node) {
      const std::string name = scalar(entry.first, "a key");
      const auto part = std::ranges::find(parts, name, &Part::name);
      if (part == parts.end())
        mistake(entry.first, std::string(allowed));
      else if (!seen.insert(name).second)
        mistake(entry.first, fmt::format("`{}` is there twice", name));
      else if (!entry.second.IsNull())
        (this->*part->read)(entry.second);
    }
  }

  // Empty if it is none.
  std::string scalar(const YAML::Node& node, std::string_view what) {
    if (node.IsScalar()) return node.Scalar();
    mistake(node, fmt::format("{} should be a text", what));
    return {};
  }
  EmbeddedText embedded(const YAML::Node& node, std::string_view what) {
    return text_.embedded(scalar(node, what), position_of(node));
  }

  void read_schema(const YAML::Node& node) { file_.schema = embedded(node, "`schema`"); }
  void read_schema_file(const YAML::Node& node) { file_.schema_file = embedded(node, "`schemaFile`"); }

  void read_relationships(const YAML::Node& node) {
    const EmbeddedText block = embedded(node, "`relationships`");
    Position at;
    for (const std::string_view line : split(block.text(), '\n')) {
      const std::size_t indent = std::min(line.find_first_not_of(" \t\r"), line.size());
      at.column = static_cast<std::uint32_t>(indent + 1);
      add_relationship(line.substr(indent), block.in_file(at));
      ++at.line;
    }
  }
  void add_relationship(std::string_view line, Position at) {
    line = line.substr(0, line.find_last_not_of(" \t\r") + 1);
    if (line.empty() || line.starts_with("//")) return;
    auto relationship = parse_relationship(line);
    if (!relationship) return mistake(at, relationship.error());
    file_.relationships.push_back({*std::move(relationship), at});
  }

  void read_grants(const YAML::Node& node) {
    if (!node.IsSequence()) return mistake(node, "`grants` is a list");
    for (const YAML::Node& item : node) {
      file_.grants.push_back({.at = position_of(item), .object = {}, .role = {}});
      each_part(item, "a grant has object, role, actions and deny",
                {{"object", &FileReader::read_grant_object},
                 {"role", &FileReader::read_grant_role},
                 {"actions", &FileReader::read_grant_actions},
                 {"deny", &FileReader::read_grant_denied}});
    }
  }
  void read_grant_object(const YAML::Node& node) {
    auto object = parse_subject_text(scalar(node, "`object`"));
    if (!object) return mistake(position_of(node), object.error());
    file_.grants.back().object = std::move(object->object);
  }
  void read_grant_role(const YAML::Node& node) { file_.grants.back().role = scalar(node, "`role`"); }
  void read_grant_actions(const YAML::Node& node) { file_.grants.back().actions = names(node); }
  void read_grant_denied(const YAML::Node& node) { file_.grants.back().denied = names(node); }
  std::vector<std::string> names(const YAML::Node& node) {
    std::vector<std::string> names;
    if (!node.IsSequence()) mistake(node, "actions are lists");
    for (const YAML::Node& item : node) names.push_back(scalar(item, "an action"));
    return names;
  }

  void read_assertion_lists(const YAML::Node& node) {
    each_part(node, "assertions are assertTrue, assertFalse and assertCaveated",
              {{"assertTrue", &FileReader::read_assert_true},
               {"assertFalse", &FileReader::read_assert_false},
               {"assertCaveated", &FileReader::read_assert_caveated}});
  }
  void read_assert_true(const YAML::Node& node) { read_assertions(node, file_.assert_true); }
  void read_assert_false(const YAML::Node& node) { read_assertions(node, file_.assert_false); }
  void read_assert_caveated(const YAML::Node& node) { read_assertions(node, file_.assert_caveated); }
  void read_assertions(const YAML::Node& node, std::vector<ValidationFile::Assertion>& into) {
    if (!node.IsSequence()) return mistake(node, "assertions are lists");
    for (const YAML::Node& item : node) {
      const EmbeddedText text = embedded(item, "an assertion");
      constexpr std::string_view kWith = " with {";
      const std::size_t with = text.text().find(kWith);
      auto relationship = parse_relationship(trim(text.text().substr(0, with)));
      if (!relationship) {
        mistake(text.start(), relationship.error());
        continue;
      }
      const auto context = with == std::string_view::npos ? std::string_view()
                                                          : trim(text.text().substr(with + kWith.size() - 1));
      into.push_back({text.start(), *std::move(relationship), std::string(context)});
    }
  }

  void read_validation(const YAML::Node& node) {
    if (!node.IsMap()) return mistake(node, "`validation` should map places to lists");
    for (const auto& entry : node) {
      const EmbeddedText text = embedded(entry.first, "a place");
      const auto place = parse_subject_text(trim(text.text()));
      if (!place)
        mistake(text.start(), place.error());
      else if (place->relation.empty())
        mistake(text.start(), "a relation or permission is missing, as in `doc:plan#view`");
      else
        read_holders({.at = text.start(), .place = *place}, entry.second);
    }
  }
  void read_holders(ValidationFile::Holders holders, const YAML::Node& subjects) {
    if (!subjects.IsNull() && !subjects.IsSequence()) mistake(subjects, "expected a list of subjects");
    for (const YAML::Node& item : subjects) {
      const EmbeddedText text = embedded(item, "a subject that is expected");
      auto expected = parse_expected(text.text());
      if (!expected)
        mistake(text.start(), expected.error());
      else
        holders.subjects.push_back({*std::move(expected), text.start()});
    }
    file_.validation.push_back(std::move(holders));
  }

  FileText text_;
  ValidationFile file_;
  std::vector<Mistake> mistakes_;
};

std::unexpected<std::vector<Mistake>> refuse(Mistake mistake) {
  return std::unexpected(std::vector{std::move(mistake)});
}

}  // namespace

std::expected<ValidationFile, std::vector<Mistake>> read_validation_file(std::string_view text) {
  if (text.size() > kMaxValidationFile)
    return refuse(
        {{}, "validation.limit", fmt::format("the file is longer than {} bytes", kMaxValidationFile)});
  const std::string copy(text);
  if (auto mistake = check_yaml(copy))
    return refuse({mistake->at, mistake->reason, std::move(mistake->message)});
  FileReader reader(copy);
  try {
    reader.read(YAML::Load(copy));
  } catch (const YAML::Exception& mistake) {  // check_yaml() should have found it
    return refuse({{}, "validation.syntax", mistake.msg});
  }
  return reader.done();
}

}  // namespace allauth::policy
