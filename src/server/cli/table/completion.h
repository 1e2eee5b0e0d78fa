// Shell completion, made from the table.
#pragma once

#include <string>

#include "server/cli/table/command.h"

namespace allauth::server::cli {

// The script for "bash", "zsh" or "fish": commands, their subcommands, and their options. Error: usage.
Result<std::string> completion_script(const CommandTable& table, const std::string& shell);

}  // namespace allauth::server::cli
