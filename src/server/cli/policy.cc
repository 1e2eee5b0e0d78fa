// policy: the kinds of things that an installation has of its own.
#include <fstream>
#include <iostream>

#include <fmt/format.h>

#include "base/text.h"
#include "server/cli/client/connection.h"
#include "server/cli/client/json.h"
#include "server/cli/commands.h"
#include "server/cli/resource/resource.h"
#include "server/cli/table/shared_options.h"
#include "server/cli/terminal/terminal.h"

namespace allauth::server::cli {
namespace {

constexpr std::string_view kSchemaPath = "/api/v1/policy/schema";
constexpr std::string_view kStandardInput = "-";
constexpr std::size_t kLongestSchema = 1024UZ * 1024;  // whatever the server takes

void print_warnings(const Json& answer) {
  const auto* warnings = member(answer, "warnings");
  if (warnings == nullptr || !warnings->is_array()) return;
  for (const auto& warning : warnings->as_array())
    if (warning.is_string()) fmt::print(stderr, "warning: {}\n", printable(std::string(warning.as_string())));
}

// The text as it was written, so that it can be edited and written again.
Result<void> get_schema(const Invocation& invocation) {
  const Options& options = invocation.options;
  TRY(auto connection, Connection::open(options));
  TRY(const auto answer, connection.call("GET", kSchemaPath));
  if (options.has("json")) {
    fmt::print("{}\n", answer);
    return {};
  }
  TRY(const auto schema, parse_json(answer));
  fmt::print("{}", text_member(schema, options.has("core") ? "core" : "text"));
  if (!options.has("quiet") && !options.has("core")) print_warnings(schema);
  return {};
}

Result<std::string> read_schema(const std::string& path) {
  std::ifstream file;
  if (path != kStandardInput) file.open(path, std::ios::binary);
  std::istream& in = path == kStandardInput ? std::cin : file;
  std::string text(kLongestSchema + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(in.gcount()));
  if (!in && !in.eof()) return fail(Code::invalid, "schema.file", fmt::format("{} cannot be read.", path));
  if (text.size() <= kLongestSchema) return text;
  return fail(Code::invalid, "schema.file",
              fmt::format("{} is longer than {} KiB.", path, kLongestSchema / 1024));
}

// What stands in a header has to be a number.
Result<std::string> expected_revision(const Options& options) {
  const auto revision = options.find("revision");
  if (!revision) return std::string();
  if (parse_u64(*revision)) return *revision;
  return fail(Code::invalid, "usage", "--revision is a number, as `policy schema get --json` tells it.");
}

Result<void> write_schema(const Invocation& invocation) {
  const Options& options = invocation.options;
  TRY(const auto expected, expected_revision(options));
  const bool only_validate = options.has("validate-only");
  TRY(const auto text, read_schema(options.words[0]));
  TRY(auto connection, Connection::open(options));
  JsonObject body;
  body.text("text", text).raw("validate_only", only_validate ? "true" : "false");
  TRY(const auto answer, connection.call("PUT", kSchemaPath, body.done(), expected));
  if (options.has("json")) {
    fmt::print("{}\n", answer);
    return {};
  }
  if (options.has("quiet")) return {};
  TRY(const auto schema, parse_json(answer));
  print_warnings(schema);
  if (only_validate)
    fmt::print("The schema could be written.\n");
  else
    fmt::print("The schema is written, in revision {}.\n", printable(text_member(schema, "revision")));
  return {};
}

}  // namespace

std::vector<Command> policy_commands() {
  auto commands = make_commands({
      {.path = "policy grants",
       .method = "PolicyService.ListGrants",
       .summary = "List what the roles of a user or client grant and deny, or yours",
       .words = "[subject]",
       .columns = "object.kind object.id allowed denied role_ids",
       .details =
           "What is denied wins, also over what is allowed by another role or further out; `allauth explain` "
           "tells what follows for one thing.",
       .examples = {{"", "allauth policy grants"}, {"", "allauth policy grants bob@example.org"}},
       .see_also = {"explain", "user roles"}},
  });
  commands.push_back({.path = "policy schema get",
                      .summary = "Print the schema: your own kinds of things, as they were written",
                      .options = {{"core", "", "print the kinds that the product has, instead"}},
                      .details = "What is allowed and hardly meant is told on standard error.",
                      .examples = {{"", "allauth policy schema get > own.schema"},
                                   {"what there is to refer to", "allauth policy schema get --core"}},
                      .see_also = {"policy schema write"},
                      .groups = {&output_options(), &server_options()},
                      .run = get_schema});
  commands.push_back(
      {.path = "policy schema write",
       .summary = "Replace your own kinds of things by those of a file",
       .words = "FILE",
       .options = {{"validate-only", "", "say what would be answered, and change nothing"},
                   {"revision", "REVISION",
                    "only if the schema still has this one, which `get --json` told"}},
       .details =
           "Each definition needs a prefix, such as shop/order. One that is not in the file any more is "
           "deleted, unless there are relationships of it. - is standard input.",
       .examples = {{"", "allauth policy schema write own.schema"},
                    {"would it be taken?", "allauth policy schema write own.schema --validate-only"},
                    {"if nobody else wrote one", "allauth policy schema write own.schema --revision 17"}},
       .see_also = {"policy schema get", "policy validate"},
       .groups = {&output_options(), &server_options()},
       .run = write_schema});
  return commands;
}

}  // namespace allauth::server::cli
