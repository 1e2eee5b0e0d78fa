#include <algorithm>

#include <fmt/format.h>

#include "server/cli/commands.h"

namespace allauth::server::cli {

void print_help() {
  fmt::print(
      "allauth: who is this, and may they do that?\n\n"
      "  allauth serve [--config FILE] [--KEY=VALUE ...]        run the server\n"
      "  allauth config check|print [--config FILE]             look at the configuration\n"
      "  allauth config reference                               all configuration keys\n"
      "  allauth admin create --token TOKEN --email EMAIL       spend the setup token\n"
      "  allauth admin reset [--data_dir DIR]                   a new setup token, with the server stopped\n"
      "  allauth migrate status|up [--to N]                     the schema of the database\n"
      "  allauth backup FILE [--verify]                         a copy of the database, also while a server "
      "runs\n"
      "  allauth restore FILE [--dry-run]                       a backup into an empty database, of either "
      "engine\n"
      "  allauth keys status|add|use|reseal|retire [KEY]        the master keys\n"
      "  allauth login --email EMAIL                            keep an access token for `allauth api`\n"
      "  allauth api METHOD PATH [JSON]                         call the API\n"
      "  allauth health [--server URL]                          is the server ready?\n"
      "  allauth node enroll NAME | list | remove NAME          tokens of gateways without a database\n"
      "  allauth version\n\n"
      "Commands that work on the database take --config FILE and --KEY=VALUE as serve does.\n"
      "Commands that ask a server take --server URL (or ALLAUTH_SERVER) and --ca FILE.\n\n"
      "Examples\n"
      "  allauth serve --data_dir=/var/lib/allauth --listener.0.address=127.0.0.1:8080\n"
      "  allauth api POST /api/v1/domains '{{\"name\":\"Plant 1\",\"route\":\"plant-1\"}}'\n");
}

int run_program(Args args) {
  const std::string command = args.empty() ? "help" : args.front();
  const Args rest = args.subspan(args.empty() ? 0 : 1);
  if (std::ranges::find(rest, "--help") != rest.end()) {
    print_help();
    return 0;
  }
  if (command == "serve") return serve(rest);
  if (command == "config") return config(rest);
  if (command == "admin") return admin(rest);
  if (command == "migrate") return migrate(rest);
  if (command == "backup") return backup(rest);
  if (command == "restore") return restore(rest);
  if (command == "keys") return keys(rest);
  if (command == "login") return login(rest);
  if (command == "api") return api(rest);
  if (command == "health") return health(rest);
  if (command == "node") return node(rest);
  if (command == "version" || command == "--version") {
    fmt::print("allauth {}\n", ALLAUTH_VERSION);
    return 0;
  }
  print_help();
  return command == "help" || command == "--help" ? 0 : 2;
}

}  // namespace allauth::server::cli
