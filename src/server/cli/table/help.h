// The help texts, made from the table.
#pragma once

#include <string>

#include "server/cli/table/command.h"

namespace allauth::server::cli {

// All topics, by section.
std::string help_of_program(const CommandTable& table);

// The commands that begin with these words, which are several: a topic, or part of one.
std::string help_of_prefix(const CommandTable& table, const std::string& prefix);

// One command: use, details, options, examples.
std::string help_of_command(const Command& command);

// "allauth domain create NAME [--route ROUTE] ...".
std::string use_of(const Command& command);

// Words put into lines of at most `width` columns, all but the first behind `indent` spaces.
std::string wrap(std::string_view text, std::size_t width, std::size_t indent);

}  // namespace allauth::server::cli
