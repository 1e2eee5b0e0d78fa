#include "server/cli/client.h"

#include <cstdio>
#include <fstream>

#include <boost/json.hpp>
#include <fmt/format.h>
#include <termios.h>
#include <unistd.h>

namespace allauth::server::cli {
namespace {

std::string text_member(const boost::json::value& value, const char* name) {
  const auto* object = value.if_object();
  const auto* member = object != nullptr ? object->if_contains(name) : nullptr;
  const auto* text = member != nullptr ? member->if_string() : nullptr;
  return text != nullptr ? std::string(*text) : std::string();
}

// Turns the terminal's echo off while it lives.
class NoEcho {
 public:
  NoEcho() : changed_(tcgetattr(STDIN_FILENO, &before_) == 0) {
    if (!changed_) return;
    termios quiet = before_;
    quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet);
  }
  ~NoEcho() {
    if (changed_) tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_);
  }
  NoEcho(const NoEcho&) = delete;
  NoEcho& operator=(const NoEcho&) = delete;

 private:
  termios before_{};
  bool changed_;
};

}  // namespace

ApiTarget target_of(const Options& options, Secret token) {
  std::string server = options.find("server").value_or(variable("ALLAUTH_SERVER"));
  if (server.empty()) server = "http://127.0.0.1:8080";
  return {.server = std::move(server), .token = std::move(token), .ca_file = options.find("ca").value_or("")};
}

std::string token_file() {
  const auto config = variable("XDG_CONFIG_HOME");
  return (config.empty() ? variable("HOME") + "/.config" : config) + "/allauth/token";
}

Result<Secret> find_token(const Options& options) {
  if (const auto file = options.find("token-file")) {
    std::ifstream in(*file);
    std::string line;
    if (!std::getline(in, line))
      return fail(Code::invalid, "usage.input", fmt::format("{} holds no token.", *file));
    return Secret::take(line);
  }
  if (auto token = variable("ALLAUTH_TOKEN"); !token.empty()) return Secret::take(token);
  std::ifstream in(token_file());
  std::string line;
  std::getline(in, line);
  return Secret::take(line);
}

Result<Secret> read_password(std::string_view prompt, bool from_stdin) {
  if (from_stdin || isatty(STDIN_FILENO) == 0) return read_secret_line("password");
  fmt::print(stderr, "{}: ", prompt);
  const NoEcho quiet;
  auto password = read_secret_line("password");
  fmt::print(stderr, "\n");
  return password;
}

namespace {

// So that the exit status tells what kind of refusal it was.
Code code_of(long status) {
  if (status == 401) return Code::unauthenticated;
  if (status == 403) return Code::denied;
  if (status == 404) return Code::not_found;
  return status < 500 ? Code::invalid : Code::unavailable;
}

}  // namespace

Result<void> require_success(const ApiAnswer& answer) {
  if (answer.status < 300) return {};
  boost::system::error_code error;
  const auto problem = boost::json::parse(answer.body, error);
  const auto member = [&](const char* name) { return error ? "" : text_member(problem, name); };
  const std::string words = member("detail");
  std::string detail = member("reason");
  if (const auto id = member("request_id"); !id.empty()) detail += ", request " + id;
  return fail(code_of(answer.status), "server.refused",
              words.empty() ? fmt::format("The server answered {}.", answer.status) : words, member("field"),
              std::move(detail));
}

}  // namespace allauth::server::cli
