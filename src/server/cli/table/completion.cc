#include "server/cli/table/completion.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "server/cli/table/parse.h"

namespace allauth::server::cli {
namespace {

std::string join(const std::vector<std::string>& words) { return fmt::format("{}", fmt::join(words, " ")); }

std::vector<std::string> topics_of(const CommandTable& table) {
  std::vector<std::string> names;
  for (const auto& section : table.sections)
    for (const auto& topic : section.topics) names.push_back(topic.name);
  return names;
}

// The words that may stand behind these of a command's path: "policy" -> "schema", "policy schema" -> "get".
std::vector<std::string> next_words(const CommandTable& table, const std::string& path) {
  std::vector<std::string> next;
  for (const auto& command : table.commands) {
    if (!command.path.starts_with(path + " ")) continue;
    const auto word = split(std::string_view(command.path).substr(path.size() + 1), ' ').front();
    if (next.empty() || next.back() != word) next.emplace_back(word);
  }
  return next;
}

// The beginnings of paths that are longer, without those of one word.
std::vector<std::string> stems_of(const CommandTable& table) {
  std::vector<std::string> stems;
  for (const auto& command : table.commands) {
    const auto last = command.path.rfind(' ');
    if (last == command.path.find(' ')) continue;
    const auto stem = command.path.substr(0, last);
    if (std::ranges::find(stems, stem) == stems.end()) stems.push_back(stem);
  }
  return stems;
}

std::vector<std::string> spelled_options(const Command& command) {
  std::vector<std::string> names;
  for (const auto* option : options_of(command)) names.push_back("--" + option->name);
  names.emplace_back("--help");
  return names;
}

// The lines of a shell's `case` on the words typed so far, without options: what may follow.
std::string cases(const CommandTable& table) {
  std::string out = fmt::format("    '') offered='{}' ;;\n", join(topics_of(table)));
  for (const auto& topic : topics_of(table))
    if (const auto verbs = next_words(table, topic); !verbs.empty())
      out += fmt::format("    '{}') offered='{}' ;;\n", topic, join(verbs));
  for (const auto& stem : stems_of(table))
    out += fmt::format("    '{}') offered='{}' ;;\n", stem, join(next_words(table, stem)));
  for (const auto& command : table.commands)
    out += fmt::format("    '{0}'|'{0} '*) offered='{1}' ;;\n", command.path, join(spelled_options(command)));
  return out;
}

std::string for_bash(const CommandTable& table) {
  return "# Completion of allauth for bash.\n"
         "_allauth() {\n"
         "  local word typed=() offered=\n"
         "  for word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n"
         "    case $word in -*) ;; *) typed+=(\"$word\") ;; esac\n"
         "  done\n"
         "  case \"${typed[*]:0:3}\" in\n" +
         cases(table) +
         "  esac\n"
         "  COMPREPLY=($(compgen -W \"$offered\" -- \"${COMP_WORDS[COMP_CWORD]}\"))\n"
         "  [ ${#COMPREPLY[@]} -gt 0 ] || COMPREPLY=($(compgen -f -- \"${COMP_WORDS[COMP_CWORD]}\"))\n"
         "}\n"
         "complete -F _allauth allauth\n";
}

std::string for_zsh(const CommandTable& table) {
  return "#compdef allauth\n"
         "# Completion of allauth for zsh.\n"
         "_allauth() {\n"
         "  local before=(${words[2,CURRENT-1]}) typed suggestions\n"
         "  typed=\"${(j: :)${before:#-*}}\"\n"
         "  local offered=\n"
         "  case $typed in\n" +
         cases(table) +
         "  esac\n"
         "  suggestions=(${(s: :)offered})\n"
         "  compadd -- $suggestions || _files\n"
         "}\n"
         "compdef _allauth allauth\n";
}

// In single quotes of fish, only \ and ' mean something.
std::string fish_quoted(std::string_view text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'' || c == '\\') out += '\\';
    out += c;
  }
  return out + "'";
}

std::string fish_options(const std::string& condition, const Command& command) {
  std::string out;
  for (const auto* option : options_of(command))
    out += fmt::format("complete -c allauth -n {} -l {}{}{} -d {}\n", condition, option->name,
                       option->letter != 0 ? fmt::format(" -s {}", option->letter) : "",
                       option->metavar.empty() ? "" : " -r", fish_quoted(option->help));
  return out;
}

// The condition that all words of a path stand on the line.
std::string fish_seen(std::string_view path) {
  std::string out;
  for (const auto word : split(path, ' '))
    out += fmt::format("{}__fish_seen_subcommand_from {}", out.empty() ? "" : "; and ", word);
  return out;
}

std::string for_fish(const CommandTable& table) {
  std::string out = "# Completion of allauth for fish.\ncomplete -c allauth -f\n";
  for (const auto& section : table.sections)
    for (const auto& [name, summary] : section.topics)
      out += fmt::format("complete -c allauth -n __fish_use_subcommand -a {} -d {}\n", name,
                         fish_quoted(summary));
  for (const auto& command : table.commands) {
    if (const auto last = command.path.rfind(' '); last != std::string::npos) {
      const auto stem = command.path.substr(0, last);
      out += fmt::format("complete -c allauth -n '{}; and not __fish_seen_subcommand_from {}' -a {} -d {}\n",
                         fish_seen(stem), join(next_words(table, stem)), command.path.substr(last + 1),
                         fish_quoted(command.summary));
    }
    out += fish_options(fmt::format("'{}'", fish_seen(command.path)), command);
  }
  for (const auto& stem : stems_of(table)) {
    const auto last = stem.rfind(' ');
    const auto before = stem.substr(0, last);
    out += fmt::format("complete -c allauth -n '{}; and not __fish_seen_subcommand_from {}' -a {}\n",
                       fish_seen(before), join(next_words(table, before)), stem.substr(last + 1));
  }
  return out;
}

}  // namespace

Result<std::string> completion_script(const CommandTable& table, const std::string& shell) {
  if (shell == "bash") return for_bash(table);
  if (shell == "zsh") return for_zsh(table);
  if (shell == "fish") return for_fish(table);
  return fail(Code::invalid, "usage",
              fmt::format("There is completion for bash, zsh and fish, not for {}.", shell));
}

}  // namespace allauth::server::cli
