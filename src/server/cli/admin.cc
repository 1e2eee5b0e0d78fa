#include <fmt/format.h>
#include <unistd.h>

#include "app/identity/setup.h"
#include "server/cli/client/connection.h"
#include "server/cli/client/json.h"
#include "server/cli/commands.h"
#include "server/cli/options.h"
#include "server/cli/table/shared_options.h"
#include "server/cli/terminal/prompt.h"
#include "server/run/keys.h"
#include "server/run/server.h"

namespace allauth::server::cli {
namespace {

constexpr std::string_view kPrompt = "Password for the new administrator (15 characters or more)";

Result<Secret> setup_token_of(const Options& options) {
  if (options.has("token-stdin")) return read_secret_line("setup token");
  auto given = options.find("token");
  if (given) return Secret::take(*given);
  return fail(Code::invalid, "usage", "The setup token is missing: --token TOKEN, or --token-stdin.");
}

Result<void> create(const Invocation& invocation) {
  const Options& options = invocation.options;
  const auto email = options.find("email");
  if (!email) return fail(Code::invalid, "usage", "Whose? --email YOU@EXAMPLE.ORG");
  TRY(const auto token, setup_token_of(options));
  const bool from_stdin = options.has("password-stdin");
  TRY(const auto password, from_stdin ? read_password(kPrompt, true) : read_new_password(kPrompt));
  TRY(auto connection, Connection::open(options));
  std::string body = JsonObject()
                         .secret("setup_token", token)
                         .text("email", *email)
                         .text("name", options.find("name").value_or(*email))
                         .secret("password", password)
                         .done();
  const auto made = connection.call_as_nobody("POST", "/api/v1/setup", body);
  wipe_memory(body.data(), body.size());
  if (!made) return fail(made.error());
  fmt::print("{} now administers AllAuth. Next: allauth login --email {}\n", *email, *email);
  return {};
}

// Works on the database itself, for an operator who is locked out; so the server must not run.
Result<void> reset(const Invocation& invocation) {
  TRY(const auto loaded, load(invocation.options));
  SystemClock clock;
  SystemEntropy entropy;
  Log log(clock, LogLevel::warn, LogFormat::human);
  Metrics metrics;
  const std::string location = database_location(loaded.config);
  if (!sql::is_url(location) && ::access(location.c_str(), F_OK) != 0)
    return fail(
        Code::not_found, "data_dir.empty",
        fmt::format("There is no database in {}; start the server once first.", loaded.config.data_dir));
  TRY(auto store, store::Store::open({.clock = clock,
                                      .entropy = entropy,
                                      .log = log,
                                      .metrics = metrics,
                                      .location = location,
                                      .database = database_options(loaded.config),
                                      .migrating = migrating(loaded.config)}));
  TRY(const auto keys, open_keys(master_key_file(loaded.config), *store, entropy));
  Secret token = app::make_setup_token(entropy);
  TRY(store->write(app::renew_setup_token(keys.tokens.setup_token(token))));
  fmt::print(
      "A new setup token was made; it works once. Start the server, then:\n\n"
      "  allauth admin create --token {} --email you@example.org --name \"Your Name\"\n",
      std::move(token).reveal());
  return {};
}

}  // namespace

std::vector<Command> admin_commands() {
  return {
      {.path = "admin create",
       .summary = "Make the first administrator, with the setup token that the first start printed",
       .options = {{"email", "EMAIL", "who signs in with it"},
                   {"name", "NAME", "the name to show; else the e-mail address"},
                   {"token", "TOKEN", "the setup token; it works once"},
                   {"token-stdin", "", "read the setup token from standard input, its first line"},
                   {"password-stdin", "", "read the password from standard input, the next line"}},
       .examples =
           {{"asks for the password",
             "allauth admin create --token ast_... --email ada@example.org --name Ada"},
            {"without a terminal",
             "allauth admin create --token-stdin --email ada@example.org --password-stdin <two-lines"}},
       .see_also = {"admin reset", "login"},
       .groups = {&server_options()},
       .run = create},
      {.path = "admin reset",
       .summary = "Make a new setup token, with the server stopped, for who is locked out",
       .examples = {{"on the host of the server", "allauth admin reset --data_dir=/var/lib/allauth"}},
       .see_also = {"admin create"},
       .groups = {&configuration_options()},
       .run = reset,
       .takes_configuration = true},
  };
}

}  // namespace allauth::server::cli
