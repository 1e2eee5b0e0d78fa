#include "server/cli/table/completion.h"

#include <fmt/format.h>

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

std::vector<std::string> verbs_of(const CommandTable& table, const std::string& topic) {
  std::vector<std::string> verbs;
  for (const auto* command : table.of(topic))
    if (command->path != topic) verbs.push_back(command->path.substr(topic.size() + 1));
  return verbs;
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
    if (const auto verbs = verbs_of(table, topic); !verbs.empty())
      out += fmt::format("    '{}') offered='{}' ;;\n", topic, join(verbs));
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

std::string for_fish(const CommandTable& table) {
  std::string out = "# Completion of allauth for fish.\ncomplete -c allauth -f\n";
  for (const auto& section : table.sections)
    for (const auto& [name, summary] : section.topics)
      out += fmt::format("complete -c allauth -n __fish_use_subcommand -a {} -d {}\n", name,
                         fish_quoted(summary));
  for (const auto& command : table.commands) {
    const auto space = command.path.find(' ');
    const auto topic = command.path.substr(0, space);
    std::string condition = fmt::format("'__fish_seen_subcommand_from {}", topic);
    if (space != std::string::npos) {
      const auto verb = command.path.substr(space + 1);
      out += fmt::format(
          "complete -c allauth -n '__fish_seen_subcommand_from {0}; and not "
          "__fish_seen_subcommand_from {1}' -a {2} -d {3}\n",
          topic, join(verbs_of(table, topic)), verb, fish_quoted(command.summary));
      condition += fmt::format("; and __fish_seen_subcommand_from {}", verb);
    }
    out += fish_options(condition + "'", command);
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
