#include "server/cli/commands.h"

#include <iterator>

#include "server/cli/resource/directory.h"

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
      {"Sign in",
       {{"login", ""},
        {"logout", ""},
        {"whoami", ""},
        {"profile", "The servers that you work with"},
        {"session", "Your own sessions"},
        {"token", "What stands for you in place of a login"}}},
      {"The directory",
       {{"user", "People with a login"},
        {"domain", "Tenants, and who is in them"},
        {"group", "Folders of clients, channels and groups in a domain"},
        {"client", "Devices, services and apps, with their keys"},
        {"channel", "What messages are published to and subscribed from"},
        {"connect", ""},
        {"disconnect", ""},
        {"connections", ""},
        {"role", "Sets of actions on one thing, and who holds them"}}},
      {"Questions",
       {{"check", ""},
        {"explain", ""},
        {"policy", "Kinds of things of your own, and how they are related"},
        {"watch", ""}}},
      {"Ask a server", {{"health", ""}, {"info", ""}, {"api", ""}, {"rpc", "The gRPC face of a server"}}},
      {"This program", {{"help", ""}, {"completion", ""}, {"version", ""}}},
  };
}

CommandTable make_table() {
  CommandTable table{.sections = sections(), .commands = {}};
  for (const auto area :
       {serve_commands,   config_commands,     migrate_commands,  backup_commands,  keys_commands,
        node_commands,    admin_commands,      login_commands,    profile_commands, session_commands,
        token_commands,   user_commands,       domain_commands,   group_commands,   client_commands,
        channel_commands, role_commands,       question_commands, policy_commands,  relationship_commands,
        lookup_commands,  validation_commands, watch_commands,    call_commands,    rpc_commands,
        program_commands}) {
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
