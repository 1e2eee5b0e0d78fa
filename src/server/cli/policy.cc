// policy: the kinds of things that an installation has of its own.
#include <fmt/format.h>

#include "server/cli/client/connection.h"
#include "server/cli/client/json.h"
#include "server/cli/commands.h"
#include "server/cli/table/shared_options.h"
#include "server/cli/terminal/terminal.h"

namespace allauth::server::cli {
namespace {

constexpr std::string_view kSchemaPath = "/api/v1/policy/schema";

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

}  // namespace

std::vector<Command> policy_commands() {
  return {
      {.path = "policy schema get",
       .summary = "Print the schema: your own kinds of things, as they were written",
       .options = {{"core", "", "print the kinds that the product has, instead"}},
       .details = "What is allowed and hardly meant is told on standard error.",
       .examples = {{"", "allauth policy schema get > own.schema"},
                    {"what there is to refer to", "allauth policy schema get --core"}},
       .groups = {&output_options(), &server_options()},
       .run = get_schema},
  };
}

}  // namespace allauth::server::cli
