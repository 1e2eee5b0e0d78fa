// docs/cli.md, made from the table.
#pragma once

#include <string>

#include "server/cli/table/command.h"

namespace allauth::server::cli {

// Every command with its help, in Markdown.
std::string command_reference(const CommandTable& table);

}  // namespace allauth::server::cli
