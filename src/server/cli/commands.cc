#include "server/cli/commands.h"

#include <iterator>

namespace allauth::server::cli {
namespace {

// A topic of one command has its summary from that command.
std::vector<Section> sections() {
  return {
      {"Run a server",
       {{"serve", ""},
        {"config", "Look at the configuration"},
        {"migrate", "The schema of the database"},
        {"backup", ""},
        {"restore", ""},
        {"keys", "The master keys, and what is sealed under them"},
        {"node", "Gateways without a database, and their tokens"},
        {"admin", "The first administrator"}}},
      {"Sign in", {{"login", ""}}},
      {"Ask a server", {{"health", ""}, {"api", ""}, {"rpc", "The gRPC face of a server"}}},
      {"This program", {{"help", ""}, {"completion", ""}, {"version", ""}}},
  };
}

CommandTable make_table() {
  CommandTable table{.sections = sections(), .commands = {}};
  for (const auto area :
       {serve_commands, config_commands, migrate_commands, backup_commands, keys_commands, node_commands,
        admin_commands, login_commands, call_commands, rpc_commands, program_commands}) {
    auto commands = area();
    std::ranges::move(commands, std::back_inserter(table.commands));
  }
  for (auto& section : table.sections)
    for (auto& topic : section.topics)
      if (const auto* command = table.find(topic.name)) topic.summary = command->summary;
  return table;
}

}  // namespace

const CommandTable& command_table() {
  static const CommandTable table = make_table();
  return table;
}

}  // namespace allauth::server::cli
