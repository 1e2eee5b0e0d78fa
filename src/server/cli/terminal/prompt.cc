#include "server/cli/terminal/prompt.h"

#include <iostream>

#include <fmt/format.h>
#include <termios.h>
#include <unistd.h>

#include "server/cli/options.h"
#include "server/cli/terminal/terminal.h"

namespace allauth::server::cli {
namespace {

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

Result<Secret> read_password(std::string_view prompt, bool from_stdin) {
  if (from_stdin || !input_is_terminal()) return read_secret_line("password");
  const NoEcho quiet;  // before the prompt, so that nothing typed at once is shown
  fmt::print(stderr, "{}: ", prompt);
  auto password = read_secret_line("password");
  fmt::print(stderr, "\n");
  return password;
}

Result<Secret> read_new_password(std::string_view prompt) {
  TRY(auto password, read_password(prompt, false));
  if (!input_is_terminal()) return password;
  TRY(const auto again, read_password("The same again", false));
  const bool same = password.with([&](auto a) { return again.with([&](auto b) { return a == b; }); });
  if (same) return password;
  return fail(Code::invalid, "usage.input", "These were two different passwords.");
}

Result<std::string> ask_line(std::string_view prompt, std::string_view otherwise) {
  if (!input_is_terminal()) return fail(Code::invalid, "usage", std::string(otherwise));
  fmt::print(stderr, "{}: ", prompt);
  std::string line;
  if (std::getline(std::cin, line) && !line.empty()) return line;
  return fail(Code::invalid, "usage", std::string(otherwise));
}

Result<bool> confirm(std::string_view question) {
  if (!input_is_terminal())
    return fail(Code::invalid, "usage", "There is no terminal to ask: say --yes if you are sure.");
  fmt::print(stderr, "{} [y/N] ", question);
  std::string line;
  std::getline(std::cin, line);
  return line == "y" || line == "Y" || line == "yes";
}

}  // namespace allauth::server::cli
