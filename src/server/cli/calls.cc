// login, api and health: commands that ask a running server.
#include <boost/json.hpp>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "server/cli/client.h"
#include "server/cli/commands.h"

namespace allauth::server::cli {
namespace {

constexpr std::string_view kSwitches[] = {"password-stdin", "print"};
constexpr std::string_view kLoginOptions[] = {"server", "ca", "email", "password-stdin", "print"};
constexpr std::string_view kApiOptions[] = {"server", "ca", "token-file"};
constexpr std::string_view kHealthOptions[] = {"server", "ca"};

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

Result<void> run_login(Args args) {
  TRY(const auto options, parse_options(args, kSwitches));
  TRY(allow_only(options, kLoginOptions));
  const auto email = options.find("email");
  if (!email)
    return fail(Code::invalid, "usage",
                "Use: allauth login --email YOU@EXAMPLE.ORG [--password-stdin] [--print]");
  TRY(const auto password, read_password("Password", options.find("password-stdin").has_value()));
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
  if (options.find("print")) {
    fmt::print("{}\n", token);
    return {};
  }
  TRY(keep_token(token));
  fmt::print("Logged in as {}; the access token is kept in {} for {} seconds.\n", *email, token_file(),
             session.at("expires_in").to_number<std::int64_t>());
  return {};
}

Result<void> run_api(Args args) {
  TRY(const auto options, parse_options(args, {}));
  TRY(allow_only(options, kApiOptions));
  const auto& words = options.words;
  if (words.size() < 2 || words.size() > 3)
    return fail(Code::invalid, "usage",
                "Use: allauth api METHOD PATH [JSON], for example: allauth api GET /api/v1/users/me");
  TRY(auto token, find_token(options));
  TRY(const auto answer,
      call_api(target_of(options, std::move(token)), words[0], words[1], words.size() == 3 ? words[2] : ""));
  if (answer.status < 300) {
    if (!answer.body.empty()) fmt::print("{}\n", answer.body);
    return {};
  }
  return require_success(answer);
}

Result<void> run_health(Args args) {
  TRY(const auto options, parse_options(args, {}));
  TRY(allow_only(options, kHealthOptions));
  auto target = target_of(options, {});
  if (!options.find("server") && variable("ALLAUTH_SERVER").empty()) target.server = "http://127.0.0.1:9090";
  TRY(const auto answer, call_api(target, "GET", "/readyz", ""));
  fmt::print("{}", answer.body);
  if (answer.status == 200) return {};
  return fail(Code::unavailable, "server.not_ready", "The server is not ready.");
}

int report(const Result<void>& done) { return done ? 0 : complain(done.error()); }

}  // namespace

int login(Args args) { return report(run_login(args)); }
int api(Args args) { return report(run_api(args)); }
int health(Args args) { return report(run_health(args)); }

}  // namespace allauth::server::cli
