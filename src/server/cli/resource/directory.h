// The commands on the things of the directory, by kind.
#pragma once

#include <vector>

#include "server/cli/resource/resource.h"

namespace allauth::server::cli {

std::vector<Command> user_commands();
std::vector<Command> domain_commands();
std::vector<Command> group_commands();
std::vector<Command> client_commands();
std::vector<Command> channel_commands();  // and connections
std::vector<Command> role_commands();
std::vector<Command> session_commands();
std::vector<Command> token_commands();

}  // namespace allauth::server::cli
