// What a command is, as data: parsing, help, shell completion and docs/cli.md are made from it.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"

namespace allauth::server::cli {

struct Option {
  std::string name;     // "email", without its dashes
  std::string metavar;  // "EMAIL"; empty: a switch, which takes no value
  std::string help;     // one line that begins with a small letter
  char letter = 0;      // 'q' where -q is the same
};

// Options that several commands take, under a title of their own.
struct OptionGroup {
  std::string title;
  std::vector<Option> options;
};

// What was typed, sorted by the command's own table.
struct Options {
  std::vector<std::string> words;
  std::vector<std::pair<std::string, std::string>> named;          // in order, without dashes
  std::vector<std::pair<std::string, std::string>> configuration;  // of a command that takes such keys

  bool has(std::string_view name) const { return find(name).has_value(); }
  // The last value of that name.
  std::optional<std::string> find(std::string_view name) const;
  // Every value of that name, in order.
  std::vector<std::string> all(std::string_view name) const;
};

struct Command;

struct Invocation {
  const Command& command;
  Options options;
};

struct Example {
  std::string says;  // what it is for
  std::string line;  // what to type
};

struct Command {
  std::string path;     // "domain create"
  std::string summary;  // one line: "Make a domain"
  // The words behind the path: "NAME [DOMAIN]"; "FILE..." stands for one or more.
  std::string words = {};
  std::vector<Option> options = {};
  std::string details = {};  // paragraphs, divided by an empty line
  std::vector<Example> examples = {};
  std::vector<std::string> see_also = {};                // paths
  std::vector<const OptionGroup*> groups = {};           // each lives as long as the program
  std::function<Result<void>(const Invocation&)> run{};  // an error decides the exit status (exit.h)
  bool takes_configuration = false;  // any other option is a configuration key, as for `serve`
};

// Where a command stands in the overview.
struct Topic {
  std::string name;     // the first word of its commands
  std::string summary;  // of a topic with several commands; else that of the command
};

struct Section {
  std::string title;
  std::vector<Topic> topics;
};

struct CommandTable {
  std::vector<Section> sections;
  std::vector<Command> commands;

  // Nothing if there is no such command.
  const Command* find(std::string_view path) const;
  // The commands that begin with that word, or those words, in order.
  std::vector<const Command*> of(std::string_view prefix) const;
};

}  // namespace allauth::server::cli
