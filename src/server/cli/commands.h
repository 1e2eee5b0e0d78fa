// The commands of the program, by area. Each area's file says what its commands are, as data, and does them.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "server/cli/table/command.h"

namespace allauth::server::cli {

std::vector<Command> serve_commands();
std::vector<Command> config_commands();
std::vector<Command> migrate_commands();
std::vector<Command> backup_commands();
std::vector<Command> keys_commands();
std::vector<Command> admin_commands();
std::vector<Command> login_commands();  // and logout, whoami
std::vector<Command> profile_commands();
std::vector<Command> question_commands();  // check, explain
std::vector<Command> policy_commands();
std::vector<Command> validation_commands();    // policy validate
std::vector<Command> lookup_commands();        // policy lookup, policy expand
std::vector<Command> relationship_commands();  // policy relationships
std::vector<Command> watch_commands();
std::vector<Command> call_commands();  // api, info, health
std::vector<Command> rpc_commands();
std::vector<Command> node_commands();
std::vector<Command> program_commands();  // help, version, completion

// All of them, in the order of the overview.
const CommandTable& command_table();

// The whole program: the first words name a command of the table. Answers the exit status.
int run_program(std::span<const std::string> args, const CommandTable& table = command_table());

}  // namespace allauth::server::cli
