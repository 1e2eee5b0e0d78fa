// The help texts, made from the table.
#pragma once

#include <string>

#include "server/cli/table/command.h"

namespace allauth::server::cli {

// All topics, by section.
std::string help_of_program(const CommandTable& table);

// The commands of one topic, which has several.
std::string help_of_topic(const CommandTable& table, const std::string& topic);

// One command: use, details, options, examples.
std::string help_of_command(const Command& command);

// "allauth domain create NAME [--route ROUTE] ...".
std::string use_of(const Command& command);

// Words put into lines of at most `width` columns, all but the first behind `indent` spaces.
std::string wrap(std::string_view text, std::size_t width, std::size_t indent);

}  // namespace allauth::server::cli
