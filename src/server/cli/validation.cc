// policy validate: test files for schemas, without a server.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>

#include <fmt/format.h>

#include "server/cli/commands.h"
#include "server/cli/validation_output.h"

namespace allauth::server::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kStandardInput = "-";

std::unexpected<Error> unreadable(std::string why) {
  return fail(Code::invalid, "validation.file", std::move(why));
}

Result<std::string> read_all(std::istream& in) {
  std::string text(policy::kMaxValidationFile + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(in.gcount()));
  if (in.bad()) return unreadable("it cannot be read");
  if (text.size() > policy::kMaxValidationFile)
    return unreadable(fmt::format("it is longer than {} MiB", policy::kMaxValidationFile >> 20));
  return text;
}

Result<std::string> read_file(const fs::path& path) {
  if (path == kStandardInput) return read_all(std::cin);
  std::error_code none;
  if (!fs::exists(path, none)) return unreadable("there is no such file");
  if (fs::is_directory(path, none)) return unreadable("it is a folder");
  std::ifstream in(path, std::ios::binary);
  if (!in) return unreadable("it cannot be opened");
  return read_all(in);
}

// The file that `schemaFile` names lies beside the validation file, or in a folder there.
Result<fs::path> schema_path(const fs::path& beside, std::string_view name) {
  const fs::path path(name);
  const bool leaves = path.is_absolute() || std::ranges::find(path, fs::path("..")) != path.end();
  if (leaves) return unreadable(fmt::format("`{}` is not beside this file, or below", name));
  return beside == kStandardInput ? path : beside.parent_path() / path;
}

policy::Report report_of(policy::Position at, const Error& error) {
  return policy::report_of({{at, error.reason, error.message}});
}

policy::Report validate(const std::string& text, policy::ValidationOptions options, ValidatedFile& into) {
  const auto file = policy::read_validation_file(text);
  if (!file) return policy::report_of(file.error());
  if (!file->schema_file.empty()) {
    const auto path = schema_path(into.name, file->schema_file.text());
    if (!path) return report_of(file->schema_file.start(), path.error());
    const auto schema = read_file(*path);
    into.schema_file = path->string();
    if (!schema)
      return policy::report_of({{file->schema_file.start(), schema.error().reason,
                                 fmt::format("{}: {}", into.schema_file, schema.error().message)}});
    options.schema_file = policy::EmbeddedText(*schema);
  }
  return policy::validate(*file, options);
}

ValidatedFile validate(const std::string& name, const policy::ValidationOptions& options) {
  ValidatedFile file{.name = name};
  const auto text = read_file(name);
  file.report = text ? validate(*text, options, file) : report_of({}, text.error());
  return file;
}

Result<void> run_validate(const Invocation& invocation) {
  const Options& options = invocation.options;
  if (std::ranges::count(options.words, kStandardInput) > 1)
    return fail(Code::invalid, "usage", "Standard input can be read once.");
  std::vector<ValidatedFile> files;
  for (const std::string& name : options.words) {
    files.push_back(validate(name, {.with_core = options.has("core")}));
    if (!options.has("json")) fmt::print("{}", validation_as_text(files.back(), options.has("quiet")));
  }
  if (options.has("json")) fmt::print("{}\n", validation_as_json(files));
  if (std::ranges::all_of(files, [](const ValidatedFile& file) { return file.report.is_good(); })) return {};
  return fail(Code::invalid, "validation.failed", "");  // told already
}

}  // namespace

std::vector<Command> validation_commands() {
  return {
      {.path = "policy validate",
       .summary = "Test a schema by a file of relationships and expectations, without a server",
       .words = "FILE...",
       .options = {{"core", "", "the file's definitions are added to the product's own schema"},
                   {"json", "", "one JSON object, for programs"},
                   {"quiet", "", "only what is wrong", 'q'}},
       .details =
           "A FILE is YAML in the format of SpiceDB's tools: schema or schemaFile, relationships, assertions "
           "(assertTrue, assertFalse) and validation, the list of all who hold something. - is standard "
           "input. With grants, a list of {object, role, actions, deny}, roles are granted and denied "
           "actions.\n\n"
           "It ends with 0 if all is as the files say, else with 1; each thing that is wrong is told as "
           "FILE:LINE:COLUMN. A failed assertion is explained: why it is allowed, or what is missing. "
           "Caveats and expiration are not available yet, and are told so.",
       .examples = {{"", "allauth policy validate shop.yaml"},
                    {"how the product's own schema answers", "allauth policy validate --core roles.yaml"},
                    {"in a script", "allauth policy validate --json shop.yaml >report.json"}},
       .see_also = {"policy schema get", "explain"},
       .run = run_validate},
  };
}

}  // namespace allauth::server::cli
