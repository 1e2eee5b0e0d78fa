// login, logout, whoami: who somebody is at a server.
#include <fmt/format.h>

#include "server/cli/client/connection.h"
#include "server/cli/client/json.h"
#include "server/cli/client/private_file.h"
#include "server/cli/commands.h"
#include "server/cli/options.h"
#include "server/cli/resource/show.h"
#include "server/cli/table/shared_options.h"
#include "server/cli/terminal/prompt.h"
#include "server/cli/terminal/terminal.h"

namespace allauth::server::cli {
namespace {

Result<void> keep_profile(const Connection& connection, const Options& options) {
  TRY(auto profiles, load_profiles());
  auto& profile = profiles.all[connection.profile_name()];
  if (profile.server != connection.server()) profile = {};  // the domain of another server means nothing here
  profile.server = connection.server();
  if (const auto ca = options.find("ca")) profile.ca_file = *ca;
  profiles.current = connection.profile_name();
  return save_profiles(profiles);
}

Result<void> log_in(const Invocation& invocation) {
  const Options& options = invocation.options;
  TRY(auto connection, Connection::open(options));
  auto email = options.find("email");
  if (!email) {
    TRY(email, ask_line("E-mail address or user name", "Who logs in? --email YOU@EXAMPLE.ORG"));
  }
  TRY(const auto password, read_password("Password", options.has("password-stdin")));
  std::string body = JsonObject().text("login", *email).secret("password", password).done();
  auto session = connection.call_as_nobody("POST", "/api/v1/sessions", body);
  wipe_memory(body.data(), body.size());
  if (!session) return fail(session.error());
  TRY(auto tokens, tokens_of(*session, connection.server()));
  wipe_memory(session->data(), session->size());
  if (options.has("print")) {
    fmt::print("{}\n", std::move(tokens.access).reveal());
    return {};
  }
  TRY(const auto lock, FileLock::take(lock_file_of(connection.profile_name()), Millis(60'000)));
  TRY(save_tokens(connection.profile_name(), tokens));
  TRY(keep_profile(connection, options));
  fmt::print("Logged in as {} at {} (profile {}).\n", printable(*email), connection.server(),
             connection.profile_name());
  return {};
}

// The tokens go in any case: who logs out does not want them to be there.
Result<void> log_out(const Invocation& invocation) {
  TRY(auto connection, Connection::open(invocation.options));
  if (!connection.tokens())
    return fail(Code::unauthenticated, "login.needed",
                fmt::format("Nobody is logged in with profile {}.", connection.profile_name()));
  const auto ended = connection.call("DELETE", "/api/v1/sessions/current");
  TRY(forget_tokens(connection.profile_name()));
  const bool over = ended || ended.error().code == Code::unauthenticated;
  if (!over) {
    fmt::print("The tokens of profile {} are gone here, but the session at {} goes on until it expires.\n",
               connection.profile_name(), connection.server());
    return fail(ended.error());
  }
  fmt::print("Logged out of {} (profile {}).\n", connection.server(), connection.profile_name());
  return {};
}

Result<void> who_am_i(const Invocation& invocation) {
  const Options& options = invocation.options;
  TRY(auto connection, Connection::open(options));
  TRY(const auto answer, connection.call("GET", "/api/v1/users/me"));
  TRY(const auto user, parse_json(answer));
  if (options.has("json"))
    fmt::print("{}\n", answer);
  else if (options.has("quiet"))
    fmt::print("{}\n", printable(text_member(user, "id")));
  else
    fmt::print("{} ({}) at {}, profile {}\n", printable(text_member(user, "email")),
               printable(text_member(user, "id")), connection.server(), connection.profile_name());
  return {};
}

}  // namespace

std::vector<Command> login_commands() {
  return {
      {.path = "login",
       .summary = "Sign in at a server, and stay signed in",
       .options = {{"email", "EMAIL", "the e-mail address or user name; else it is asked for"},
                   {"password-stdin", "", "read the password from standard input"},
                   {"print", "", "print the access token, good for an hour, and keep nothing"}},
       .details = "The tokens are kept in a file that only you can read, and renewed by the commands that "
                  "use them. A "
                  "profile is a server and a login; the one of the last login is used unless --profile says "
                  "otherwise. Programs set ALLAUTH_SERVER and ALLAUTH_TOKEN instead, or use --as-client.",
       .examples =
           {{"asks for the password", "allauth login --email ada@example.org"},
            {"another server, as a profile of its own",
             "allauth login --profile prod --server https://auth.example.org --email ada@example.org"},
            {"a token for a script",
             "allauth login --email ada@example.org --password-stdin --print <password"}},
       .see_also = {"whoami", "logout", "profile list", "admin create"},
       .groups = {&server_options()},
       .run = log_in},
      {.path = "logout",
       .summary = "End the session at the server and forget its tokens",
       .examples = {{"", "allauth logout"}},
       .see_also = {"login", "session list"},
       .groups = {&server_options()},
       .run = log_out},
      {.path = "whoami",
       .summary = "Say who you are, and where",
       .examples = {{"", "allauth whoami"}},
       .see_also = {"login", "profile list"},
       .groups = {&output_options(), &server_options()},
       .run = who_am_i},
  };
}

}  // namespace allauth::server::cli
