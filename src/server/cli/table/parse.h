// What was typed -> a command of the table and its options.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "server/cli/table/command.h"

namespace allauth::server::cli {

using Args = std::span<const std::string>;

struct Choice {
  const Command* command;
  std::vector<std::string> rest;  // all but the words of its path
};

// The command that the first words name; options before them are put behind. Errors, all "usage", with the
// nearest command where one is close: no such command, or a topic without one of its commands.
Result<Choice> choose_command(const CommandTable& table, Args args);

// Takes "--name=value", "--name value", "-q" and words; what follows "--" is words. Errors, all "usage": an
// option that the command does not have, with the nearest one; a value missing or too many; words missing or
// too many.
Result<Options> parse_options(const Command& command, Args args);

// Every option that the command takes, its own first.
std::vector<const Option*> options_of(const Command& command);

}  // namespace allauth::server::cli
