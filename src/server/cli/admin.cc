#include <fmt/format.h>
#include <unistd.h>

#include "app/identity/setup.h"
#include "base/text.h"
#include "server/cli/client.h"
#include "server/cli/commands.h"
#include "server/cli/options.h"
#include "server/run/keys.h"
#include "server/run/server.h"

namespace allauth::server::cli {
namespace {

constexpr std::string_view kCreateOptions[] = {"server", "ca", "token", "email", "name", "password-stdin"};
constexpr std::string_view kSwitches[] = {"password-stdin"};

std::unexpected<Error> usage(std::string message) { return fail(Code::invalid, "usage", std::move(message)); }

Result<void> create(Args args) {
  TRY(const auto options, parse_options(args, kSwitches));
  TRY(allow_only(options, kCreateOptions));
  const auto token = options.find("token");
  const auto email = options.find("email");
  if (!token || !email || !options.words.empty())
    return usage(
        "Use: allauth admin create --token TOKEN --email YOU@EXAMPLE.ORG [--name NAME] [--password-stdin]");
  TRY(const auto password, read_password("Password for the new administrator (15 characters or more)",
                                         options.find("password-stdin").has_value()));
  std::string body = "{\"setup_token\":";
  append_json_string(body, *token);
  body += ",\"email\":";
  append_json_string(body, *email);
  body += ",\"name\":";
  append_json_string(body, options.find("name").value_or(*email));
  body += ",\"password\":";
  password.with([&](std::string_view text) { append_json_string(body, text); });
  body += "}";
  TRY(const auto answer, call_api(target_of(options, {}), "POST", "/api/v1/setup", body));
  wipe_memory(body.data(), body.size());
  TRY(require_success(answer));
  fmt::print("{} now administers AllAuth. Next: allauth login --email {}\n", *email, *email);
  return {};
}

// Works on the database itself, for an operator who is locked out; so the server must not run.
Result<void> reset(Args args) {
  TRY(const auto options, parse_options(args, {}));
  TRY(const auto loaded, load(options));
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

int admin(Args args) {
  const std::string what = args.empty() ? "" : args.front();
  if (what != "create" && what != "reset")
    return complain({.code = Code::invalid, .reason = "usage", .message = "Use: allauth admin create|reset"});
  const auto done = what == "create" ? create(args.subspan(1)) : reset(args.subspan(1));
  return done ? 0 : complain(done.error());
}

}  // namespace allauth::server::cli
