// The program itself: help, completion, version, and running what was typed.
#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "server/cli/commands.h"
#include "server/cli/table/completion.h"
#include "server/cli/table/exit.h"
#include "server/cli/table/help.h"
#include "server/cli/table/parse.h"
#include "server/cli/table/reference.h"

namespace allauth::server::cli {
namespace {

// The help of what these words name: a command, several that begin so, or with none the program.
Result<void> print_help(std::vector<std::string> words) {
  const auto& table = command_table();
  if (words.empty()) {
    fmt::print("{}", help_of_program(table));
    return {};
  }
  const std::string prefix = fmt::format("{}", fmt::join(words, " "));
  if (table.find(prefix) == nullptr && !table.of(prefix).empty()) {
    fmt::print("{}", help_of_prefix(table, prefix));
    return {};
  }
  TRY(const auto choice, choose_command(table, words));
  fmt::print("{}", help_of_command(*choice.command));
  return {};
}

Result<void> run_help(const Invocation& invocation) {
  if (!invocation.options.has("reference")) return print_help(invocation.options.words);
  fmt::print("{}", command_reference(command_table()));
  return {};
}

Result<void> run_completion(const Invocation& invocation) {
  TRY(const auto script, completion_script(command_table(), invocation.options.words[0]));
  fmt::print("{}", script);
  return {};
}

Result<void> run_version(const Invocation&) {
  fmt::print("allauth {}\n", ALLAUTH_VERSION);
  return {};
}

bool asks_for_help(Args args) {
  const auto end = std::ranges::find(args, "--");
  return std::any_of(args.begin(), end, [](const auto& arg) { return arg == "--help" || arg == "-h"; });
}

// The words before the first option.
std::vector<std::string> leading_words(Args args) {
  const auto end = std::ranges::find_if(args, [](const auto& arg) { return arg.starts_with("-"); });
  return {args.begin(), end};
}

// Options that the table does not know: they have their command's name.
Args without_synonyms(Args args) {
  static const std::vector<std::string> kVersion{"version"};
  return args.size() == 1 && (args[0] == "--version" || args[0] == "-V") ? Args(kVersion) : args;
}

}  // namespace

std::vector<Command> program_commands() {
  return {
      {.path = "help",
       .summary = "Say how a command is used",
       .words = "[COMMAND...]",
       .options = {{"reference", "", "docs/cli.md: everything, as Markdown"}},
       .examples = {{"", "allauth help keys"}, {"", "allauth help keys use"}},
       .run = run_help},
      {.path = "completion",
       .summary = "Print a script that completes commands in a shell",
       .words = "bash|zsh|fish",
       .examples = {{"for this bash", "source <(allauth completion bash)"},
                    {"for every bash", "allauth completion bash >/etc/bash_completion.d/allauth"},
                    {"for every zsh", "allauth completion zsh >/usr/share/zsh/vendor-completions/_allauth"},
                    {"for fish", "allauth completion fish >~/.config/fish/completions/allauth.fish"}},
       .run = run_completion},
      {.path = "version", .summary = "Print the version of this program", .run = run_version},
  };
}

int run_program(Args typed, const CommandTable& table) {
  const Args args = without_synonyms(typed);
  if (args.empty() || asks_for_help(args)) {
    // --help teaches also where the rest was not right: the words that are good count.
    const auto shown = print_help(leading_words(args));
    return shown ? 0 : complain(shown.error());
  }
  const auto choice = choose_command(table, args);
  if (!choice) return complain(choice.error(), table.of(args[0]).empty() ? "" : args[0]);
  auto options = parse_options(*choice->command, choice->rest);
  if (!options) return complain(options.error(), choice->command->path);
  const auto done = choice->command->run({*choice->command, std::move(*options)});
  return done ? 0 : complain(done.error(), choice->command->path);
}

}  // namespace allauth::server::cli
