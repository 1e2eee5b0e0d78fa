#include "policy/validation/validation_file.h"

#include <algorithm>
#include <functional>

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

namespace allauth::policy {
namespace {

std::unexpected<Error> bad(const YAML::Node& at, std::string_view message) {
  const int line = std::max(at.Mark().line, 0);  // an empty text has none
  return fail(Code::invalid, "validation.syntax", fmt::format("line {}: {}.", line + 1, message));
}

std::string_view trim(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r\n";
  const std::size_t first = text.find_first_not_of(kBlank);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

Result<std::string> scalar(const YAML::Node& node, std::string_view what) {
  if (!node.IsScalar()) return bad(node, fmt::format("{} should be a text", what));
  return node.Scalar();
}

Result<std::vector<RelationshipText>> read_relationships(const YAML::Node& node) {
  std::vector<RelationshipText> relationships;
  TRY(const std::string text, scalar(node, "`relationships`"));
  for (std::string_view rest = text; !rest.empty();) {
    const std::size_t end = rest.find('\n');
    const std::string_view line = trim(rest.substr(0, end));
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    if (line.empty() || line.starts_with("//")) continue;
    TRY(auto relationship, parse_relationship(line));
    relationships.push_back(std::move(relationship));
  }
  return relationships;
}

Result<ValidationFile::Assertion> read_assertion(const YAML::Node& node) {
  TRY(const std::string text, scalar(node, "an assertion"));
  constexpr std::string_view kWith = " with {";
  const std::size_t with = text.find(kWith);
  ValidationFile::Assertion assertion;
  TRY(assertion.relationship, parse_relationship(trim(std::string_view(text).substr(0, with))));
  if (with != std::string::npos) assertion.context = trim(text.substr(with + kWith.size() - 1));
  return assertion;
}

Result<std::vector<ValidationFile::Assertion>> read_assertions(const YAML::Node& node) {
  std::vector<ValidationFile::Assertion> assertions;
  if (node.IsNull()) return assertions;
  if (!node.IsSequence()) return bad(node, "assertions are lists");
  for (const YAML::Node& item : node) {
    TRY(auto assertion, read_assertion(item));
    assertions.push_back(std::move(assertion));
  }
  return assertions;
}

// user:ann or user:ann[...]
Result<ValidationFile::Exception> read_subject(std::string_view text) {
  constexpr std::string_view kCaveated = "[...]";
  const bool caveated = text.ends_with(kCaveated);
  if (caveated) text.remove_suffix(kCaveated.size());
  TRY(SubjectText subject, parse_subject_text(text));
  return ValidationFile::Exception{std::move(subject), caveated};
}

// Each piece of `text` between the separators, without the blanks around it.
Result<void> each_piece(std::string_view text, char separator,
                        const std::function<Result<void>(std::string_view)>& f) {
  while (true) {
    const std::size_t end = text.find(separator);
    TRY(f(trim(text.substr(0, end))));
    if (end == std::string_view::npos) return {};
    text.remove_prefix(end + 1);
  }
}

// {user:bob, user:eve[...]}
Result<std::vector<ValidationFile::Exception>> read_exceptions(std::string_view list) {
  std::vector<ValidationFile::Exception> exceptions;
  TRY(each_piece(list, ',', [&](std::string_view piece) -> Result<void> {
    TRY(auto exception, read_subject(piece));
    exceptions.push_back(std::move(exception));
    return {};
  }));
  return exceptions;
}

// <doc:plan#viewer>/<doc:plan#editor>
Result<std::vector<SubjectText>> read_through(const YAML::Node& node, std::string_view list) {
  std::vector<SubjectText> through;
  TRY(each_piece(list, '>', [&](std::string_view piece) -> Result<void> {
    if (piece.empty()) return {};  // behind the last one
    if (!through.empty() && piece.starts_with("/")) piece.remove_prefix(1);
    if (!piece.starts_with("<")) return bad(node, "a `<` is missing");
    TRY(SubjectText relation, parse_subject_text(piece.substr(1)));
    through.push_back(std::move(relation));
    return {};
  }));
  return through;
}

// [subject] is <a:b#c>/<…>
Result<ValidationFile::Expected> read_expected(const YAML::Node& node) {
  TRY(const std::string owned, scalar(node, "a subject that is expected"));
  const std::string_view text = trim(owned);
  constexpr std::string_view kIs = "] is ";
  const std::size_t is = text.find(kIs);
  if (!text.starts_with("[") || is == std::string_view::npos)
    return bad(node, "expected something like `[user:ann] is <doc:plan#viewer>`");
  std::string_view who = text.substr(1, is - 1);

  ValidationFile::Expected expected;
  if (const std::size_t minus = who.find(" - {"); minus != std::string_view::npos) {
    if (!who.ends_with("}")) return bad(node, "a `}` is missing");
    TRY(expected.exceptions, read_exceptions(who.substr(minus + 4, who.size() - minus - 5)));
    who = trim(who.substr(0, minus));
  }
  TRY(auto subject, read_subject(who));
  expected.subject = std::move(subject.subject);
  expected.caveated = subject.caveated;
  TRY(expected.through, read_through(node, text.substr(is + kIs.size())));
  return expected;
}

Result<std::vector<ValidationFile::Holders>> read_validation(const YAML::Node& node) {
  std::vector<ValidationFile::Holders> validation;
  if (node.IsNull()) return validation;
  if (!node.IsMap()) return bad(node, "`validation` should map places to lists");
  for (const auto& entry : node) {
    const YAML::Node& subjects = entry.second;
    ValidationFile::Holders holders;
    TRY(const std::string text, scalar(entry.first, "a place"));
    TRY(holders.place, parse_subject_text(text));
    if (!subjects.IsNull() && !subjects.IsSequence()) return bad(subjects, "expected a list of subjects");
    for (const YAML::Node& subject : subjects) {
      TRY(auto expected, read_expected(subject));
      holders.subjects.push_back(std::move(expected));
    }
    validation.push_back(std::move(holders));
  }
  return validation;
}

Result<void> read_assertion_lists(ValidationFile& file, const YAML::Node& node) {
  if (node.IsNull()) return {};
  if (!node.IsMap()) return bad(node, "`assertions` should have assertTrue, assertFalse and assertCaveated");
  for (const auto& entry : node) {
    TRY(const std::string name, scalar(entry.first, "a key"));
    auto* const into = name == "assertTrue"       ? &file.assert_true
                       : name == "assertFalse"    ? &file.assert_false
                       : name == "assertCaveated" ? &file.assert_caveated
                                                  : nullptr;
    if (into == nullptr) return bad(entry.first, "assertions are assertTrue, assertFalse and assertCaveated");
    TRY(*into, read_assertions(entry.second));
  }
  return {};
}

Result<ValidationFile> read_document(const YAML::Node& document) {
  ValidationFile file;
  if (!document.IsMap()) return bad(document, "expected `schema`, `relationships`, `assertions`");
  for (const auto& entry : document) {
    const YAML::Node& value = entry.second;
    TRY(const std::string name, scalar(entry.first, "a key"));
    if (name == "schema") {
      TRY(file.schema, scalar(value, "`schema`"));
    } else if (name == "schemaFile") {
      TRY(file.schema_file, scalar(value, "`schemaFile`"));
    } else if (name == "relationships" && !value.IsNull()) {
      TRY(file.relationships, read_relationships(value));
    } else if (name == "assertions") {
      TRY(read_assertion_lists(file, value));
    } else if (name == "validation") {
      TRY(file.validation, read_validation(value));
    } else if (name != "relationships") {
      return bad(entry.first, "the parts are schema, schemaFile, relationships, assertions and validation");
    }
  }
  if (file.schema.empty() == file.schema_file.empty())
    return bad(document, "expected one of `schema` and `schemaFile`");
  return file;
}

}  // namespace

Result<ValidationFile> read_validation_file(std::string_view text) {
  if (text.size() > kMaxValidationFile)
    return fail(Code::invalid, "validation.limit",
                fmt::format("The file is longer than {} bytes.", kMaxValidationFile));
  try {
    return read_document(YAML::Load(std::string(text)));
  } catch (const YAML::Exception& mistake) {
    return fail(Code::invalid, "validation.syntax",
                fmt::format("line {}: {}.", mistake.mark.line + 1, mistake.msg));
  }
}

}  // namespace allauth::policy
