#include "server/cli/table/help.h"

#include <algorithm>
#include <iterator>

#include <fmt/format.h>

#include "base/text.h"

namespace allauth::server::cli {
namespace {

constexpr std::size_t kWidth = 100;
constexpr std::size_t kSpelledInUse = 4;  // options; more are too many to be read there

std::string spelled(const Option& option) {
  const std::string letter = option.letter != 0 ? fmt::format("-{}, ", option.letter) : "    ";
  return fmt::format("{}--{}{}{}", letter, option.name, option.metavar.empty() ? "" : " ", option.metavar);
}

void append_options(std::string& out, std::string_view title, const std::vector<Option>& options) {
  if (options.empty()) return;
  std::size_t widest = 0;
  for (const auto& option : options) widest = std::max(widest, spelled(option).size());
  out += fmt::format("\n{}\n", title);
  for (const auto& option : options)
    out += fmt::format("  {:<{}}  {}\n", spelled(option), widest, wrap(option.help, kWidth, widest + 4));
}

void append_paragraphs(std::string& out, std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const auto end = std::min(text.find("\n\n", at), text.size());
    out += "\n" + wrap(text.substr(at, end - at), kWidth, 0) + "\n";
    at = end + 2;
  }
}

void append_examples(std::string& out, const std::vector<Example>& examples) {
  if (examples.empty()) return;
  out += "\nExamples\n";
  for (const auto& [says, line] : examples) {
    if (!says.empty()) out += fmt::format("  # {}\n", says);
    out += fmt::format("  {}\n", line);
  }
}

void append_names(std::string& out, const std::vector<std::pair<std::string, std::string>>& names) {
  std::size_t widest = 0;
  for (const auto& [name, summary] : names) widest = std::max(widest, name.size());
  for (const auto& [name, summary] : names) out += fmt::format("  {:<{}}  {}\n", name, widest, summary);
}

}  // namespace

std::string wrap(std::string_view text, std::size_t width, std::size_t indent) {
  std::string out;
  std::size_t column = indent;
  for (const auto word : split(text, ' ')) {
    if (word.empty()) continue;
    const std::size_t size = code_points(word);
    if (column > indent && column + 1 + size > width) {
      out += "\n" + std::string(indent, ' ');
      column = indent;
    } else if (column > indent) {
      out += ' ';
      ++column;
    }
    out += word;
    column += size;
  }
  return out;
}

std::string use_of(const Command& command) {
  std::string use = "allauth " + command.path;
  if (!command.words.empty()) use += " " + command.words;
  const bool few = command.options.size() <= kSpelledInUse;
  for (const auto& option : few ? command.options : std::vector<Option>())
    use += fmt::format(" [--{}{}{}]", option.name, option.metavar.empty() ? "" : " ", option.metavar);
  if (!command.groups.empty() || !few) use += " [OPTION ...]";
  if (command.takes_configuration) use += " [--KEY=VALUE ...]";
  return use;
}

std::string help_of_command(const Command& command) {
  std::string out = fmt::format("{}\n\nUse\n  {}\n", command.summary, wrap(use_of(command), kWidth, 6));
  append_paragraphs(out, command.details);
  append_options(out, "Options", command.options);
  for (const auto* group : command.groups) append_options(out, group->title, group->options);
  append_examples(out, command.examples);
  if (!command.see_also.empty())
    out += fmt::format("\nSee also\n  {}\n",
                       wrap(fmt::format("allauth {}", fmt::join(command.see_also, ", allauth ")), kWidth, 2));
  return out;
}

std::string help_of_prefix(const CommandTable& table, const std::string& prefix) {
  std::string out;
  for (const auto& section : table.sections)
    for (const auto& [name, summary] : section.topics)
      if (name == prefix.substr(0, prefix.find(' '))) out += summary + "\n";
  out += "\nCommands\n";
  std::vector<std::pair<std::string, std::string>> names;
  std::vector<Example> examples;
  for (const auto* command : table.of(prefix)) {
    names.emplace_back("allauth " + command->path, command->summary);
    if (!command->examples.empty() && examples.size() < 4) examples.push_back(command->examples.front());
  }
  append_names(out, names);
  append_examples(out, examples);
  return out + fmt::format("\nMore of one command: allauth help {} COMMAND\n", prefix);
}

std::string help_of_program(const CommandTable& table) {
  std::string out =
      "allauth: who is this, and may they do that?\n\nUse\n  allauth COMMAND [WORD ...] [OPTION ...]\n";
  for (const auto& section : table.sections) {
    std::vector<std::pair<std::string, std::string>> names;
    for (const auto& [name, summary] : section.topics)
      names.emplace_back(fmt::format("{:<12}", name), summary);
    out += fmt::format("\n{}\n", section.title);
    append_names(out, names);
  }
  return out +
         "\nExit status\n"
         "  0 done   1 refused or failed   2 used wrongly   3 not logged in, or no longer   4 no such thing\n"
         "  5 `check` says no   6 the server cannot be reached\n"
         "\nMore: allauth help COMMAND, or --help behind any command; docs/cli.md has all of it.\n"
         "Start: allauth serve, then allauth admin create and allauth login.\n";
}

}  // namespace allauth::server::cli
