// login, api and health: commands that ask a running server.
#include <boost/json.hpp>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "server/cli/client.h"
#include "server/cli/commands.h"
#include "server/cli/table/shared_options.h"

namespace allauth::server::cli {
namespace {

// Readable by its owner only, from the first moment.
Result<void> keep_token(const std::string& token) {
  const std::string path = token_file();
  const std::string folder = path.substr(0, path.rfind('/'));
  ::mkdir(folder.substr(0, folder.rfind('/')).c_str(), 0700);
  ::mkdir(folder.c_str(), 0700);
  ::unlink(path.c_str());
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  const std::string line = token + "\n";
  const bool kept = fd >= 0 && ::write(fd, line.data(), line.size()) == static_cast<ssize_t>(line.size());
  if (fd >= 0) ::close(fd);
  if (!kept) return fail(Code::unavailable, "token.file", fmt::format("{} cannot be written.", path));
  return {};
}

Result<void> run_login(const Invocation& invocation) {
  const Options& options = invocation.options;
  const auto email = options.find("email");
  if (!email) return fail(Code::invalid, "usage", "Who logs in? --email YOU@EXAMPLE.ORG");
  TRY(const auto password, read_password("Password", options.has("password-stdin")));
  std::string body = "{\"login\":";
  append_json_string(body, *email);
  body += ",\"password\":";
  password.with([&](std::string_view text) { append_json_string(body, text); });
  body += "}";
  TRY(const auto answer, call_api(target_of(options, {}), "POST", "/api/v1/sessions", body));
  wipe_memory(body.data(), body.size());
  TRY(require_success(answer));
  const auto session = boost::json::parse(answer.body);
  const std::string token(session.at("access_token").as_string());
  if (options.has("print")) {
    fmt::print("{}\n", token);
    return {};
  }
  TRY(keep_token(token));
  fmt::print("Logged in as {}; the access token is kept in {} for {} seconds.\n", *email, token_file(),
             session.at("expires_in").to_number<std::int64_t>());
  return {};
}

Result<void> run_api(const Invocation& invocation) {
  const Options& options = invocation.options;
  const auto& words = options.words;
  TRY(auto token, find_token(options));
  TRY(const auto answer,
      call_api(target_of(options, std::move(token)), words[0], words[1], words.size() == 3 ? words[2] : ""));
  if (answer.status < 300) {
    if (!answer.body.empty()) fmt::print("{}\n", answer.body);
    return {};
  }
  return require_success(answer);
}

Result<void> run_health(const Invocation& invocation) {
  const Options& options = invocation.options;
  auto target = target_of(options, {});
  if (!options.has("server") && variable("ALLAUTH_SERVER").empty()) target.server = "http://127.0.0.1:9090";
  TRY(const auto answer, call_api(target, "GET", "/readyz", ""));
  fmt::print("{}", answer.body);
  if (answer.status == 200) return {};
  return fail(Code::unavailable, "server.not_ready", "The server is not ready.");
}

}  // namespace

std::vector<Command> login_commands() {
  return {{.path = "login",
           .summary = "Sign in, and keep the token for the commands that ask a server",
           .options = {{"email", "EMAIL", "the e-mail address or user name"},
                       {"password-stdin", "", "read the password from standard input"},
                       {"print", "", "print the access token instead of keeping it"}},
           .examples = {{"asks for the password", "allauth login --email ada@example.org"}},
           .see_also = {"admin create", "api"},
           .groups = {&server_options()},
           .run = run_login}};
}

std::vector<Command> call_commands() {
  return {
      {.path = "health",
       .summary = "Say whether the server is ready",
       .details = "It asks the operations address of the server, http://127.0.0.1:9090 unless --server says "
                  "otherwise.",
       .examples = {{"", "allauth health"}, {"", "allauth health --server http://127.0.0.1:9090"}},
       .groups = {&server_options()},
       .run = run_health},
      {.path = "api",
       .summary = "Send any request to the API and print the answer's JSON",
       .words = "METHOD PATH [JSON]",
       .examples = {{"", "allauth api GET /api/v1/users/me"},
                    {"", "allauth api POST /api/v1/domains '{\"name\":\"Plant 1\",\"route\":\"plant-1\"}'"}},
       .groups = {&server_options()},
       .run = run_api},
  };
}

}  // namespace allauth::server::cli
