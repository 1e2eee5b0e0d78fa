#include "server/cli/table/parse.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/nearest.h"
#include "base/text.h"
#include "server/cli/table/shared_options.h"

namespace allauth::server::cli {
namespace {

std::unexpected<Error> usage(std::string message) { return fail(Code::invalid, "usage", std::move(message)); }

// What people of other tools type.
constexpr std::array<std::pair<std::string_view, std::string_view>, 11> kElsewhere{{
    {"ls", "list"},
    {"rm", "delete"},
    {"remove", "delete"},
    {"show", "get"},
    {"describe", "get"},
    {"view", "get"},
    {"new", "create"},
    {"add", "create"},
    {"edit", "update"},
    {"set", "update"},
    {"patch", "update"},
}};

std::string meant_by(std::string_view typed, std::span<const std::string> known) {
  for (const auto& [elsewhere, here] : kElsewhere)
    if (typed == elsewhere && std::ranges::find(known, here) != known.end()) return std::string(here);
  return nearest(typed, known);
}

std::string did_you_mean(std::string_view prefix, const std::string& meant) {
  return meant.empty() ? "" : fmt::format(" Did you mean `{}{}`?", prefix, meant);
}

std::unexpected<Error> no_such_topic(const CommandTable& table, const std::string& typed) {
  if (typed.empty() || typed.starts_with("-")) return usage("Which command?");
  std::vector<std::string> known;
  for (const auto& section : table.sections)
    for (const auto& topic : section.topics) known.push_back(topic.name);
  return usage(
      fmt::format("There is no command `{}`.{}", typed, did_you_mean("allauth ", meant_by(typed, known))));
}

// The first words are those of several commands.
std::unexpected<Error> no_such_command(const CommandTable& table, const std::string& prefix,
                                       const std::string& typed) {
  std::vector<std::string> known;
  for (const auto* command : table.of(prefix))
    if (command->path.size() > prefix.size()) known.push_back(command->path.substr(prefix.size() + 1));
  if (typed.empty())
    return usage(fmt::format("`allauth {}` needs one of: {}.", prefix, fmt::join(known, ", ")));
  return usage(fmt::format("There is no command `{} {}`.{}", prefix, typed,
                           did_you_mean("allauth " + prefix + " ", meant_by(typed, known))));
}

constexpr std::size_t kMostPathWords = 3;  // "policy schema get"

// "allauth --profile prod domain list" is "allauth domain list --profile prod".
std::vector<std::string> words_first(Args args) {
  std::size_t at = 0;
  while (at < args.size() && args[at].starts_with("-") && args[at] != "--") {
    const bool has_value = std::ranges::any_of(server_options().options, [&](const Option& option) {
      return !option.metavar.empty() && args[at] == "--" + option.name;
    });
    at += has_value ? 2 : 1;
  }
  at = std::min(at, args.size());
  std::vector<std::string> turned(args.begin() + static_cast<std::ptrdiff_t>(at), args.end());
  turned.insert(turned.end(), args.begin(), args.begin() + static_cast<std::ptrdiff_t>(at));
  return turned;
}

// The option that "--name" or "-q" names.
const Option* find_option(const std::vector<const Option*>& options, std::string_view typed) {
  const auto is_it = [typed](const Option* option) {
    if (typed.starts_with("--")) return typed.substr(2) == option->name;
    return typed.size() == 2 && option->letter != 0 && typed[1] == option->letter;
  };
  const auto at = std::ranges::find_if(options, is_it);
  return at == options.end() ? nullptr : *at;
}

std::unexpected<Error> unknown_option(const std::vector<const Option*>& options, const std::string& typed) {
  std::vector<std::string> known;
  for (const auto* option : options) known.push_back("--" + option->name);
  return usage(fmt::format("{} is not an option here.{}", typed, did_you_mean("", nearest(typed, known))));
}

struct WordCount {
  std::size_t least = 0;
  std::size_t most = 0;
};

WordCount count_words(std::string_view synopsis) {
  WordCount count;
  for (const auto word : split(synopsis, ' ')) {
    if (word.empty()) continue;
    if (!word.starts_with('[')) ++count.least;
    count.most = word.find("...") == std::string_view::npos ? count.most + 1 : 1000;
  }
  return count;
}

Result<void> check_words(const Command& command, const std::vector<std::string>& words) {
  const auto [least, most] = count_words(command.words);
  const std::string use = command.path + (command.words.empty() ? "" : " " + command.words);
  if (words.size() < least) return usage(fmt::format("Something is missing. Use: allauth {}", use));
  if (words.size() > most)
    return usage(fmt::format("`{}` is one word too many. Use: allauth {}", words[most], use));
  return {};
}

// One option, at args[at] and possibly behind it, which `at` then points to.
Result<void> take_option(const Command& command, Args args, std::size_t& at, Options& into) {
  const auto known = options_of(command);
  const auto equals = args[at].find('=');
  const std::string typed = args[at].substr(0, equals);
  const Option* option = find_option(known, typed);
  if (option == nullptr && !(command.takes_configuration && typed.starts_with("--")))
    return unknown_option(known, typed);
  if (option != nullptr && option->metavar.empty()) {
    if (equals != std::string::npos) return usage(fmt::format("{} takes no value.", typed));
    into.named.emplace_back(option->name, "true");
    return {};
  }
  if (equals == std::string::npos && at + 1 == args.size())
    return usage(fmt::format("{} needs a value{}.", typed, option != nullptr ? ": " + option->metavar : ""));
  const std::string value = equals != std::string::npos ? args[at].substr(equals + 1) : args[++at];
  if (option != nullptr)
    into.named.emplace_back(option->name, value);
  else
    into.configuration.emplace_back(typed.substr(2), value);
  return {};
}

}  // namespace

std::vector<const Option*> options_of(const Command& command) {
  std::vector<const Option*> all;
  for (const auto& option : command.options) all.push_back(&option);
  for (const auto* group : command.groups)
    for (const auto& option : group->options) all.push_back(&option);
  return all;
}

Result<Choice> choose_command(const CommandTable& table, Args args) {
  std::vector<std::string> turned = words_first(args);
  const std::string topic = turned.empty() ? "" : turned[0];
  if (table.of(topic).empty()) return no_such_topic(table, topic);
  std::vector<std::string> paths{topic};  // that may be meant, by how many words they have
  for (std::size_t n = 1; n < std::min(turned.size(), kMostPathWords) && !turned[n].starts_with("-"); ++n)
    paths.push_back(paths.back() + " " + turned[n]);
  for (std::size_t n = paths.size(); n > 0; --n)
    if (const auto* command = table.find(paths[n - 1]))
      return Choice{command, {turned.begin() + static_cast<std::ptrdiff_t>(n), turned.end()}};
  std::size_t known = paths.size();
  while (table.of(paths[known - 1]).empty()) --known;  // the topic has some
  return no_such_command(table, paths[known - 1], known < paths.size() ? turned[known] : "");
}

Result<Options> parse_options(const Command& command, Args args) {
  Options options;
  bool only_words = false;
  for (std::size_t i = 0; i < args.size(); ++i) {
    if (!only_words && args[i] == "--")
      only_words = true;
    else if (only_words || !args[i].starts_with("-") || args[i] == "-")
      options.words.push_back(args[i]);
    else
      TRY(take_option(command, args, i, options));
  }
  TRY(check_words(command, options.words));
  return options;
}

}  // namespace allauth::server::cli
