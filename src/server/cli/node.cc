// node: gateways without a database, and the tokens that they show to the API.
#include <fmt/format.h>

#include "server/cli/client/connection.h"
#include "server/cli/client/json.h"
#include "server/cli/commands.h"
#include "server/cli/resource/resource.h"
#include "server/cli/table/shared_options.h"

namespace allauth::server::cli {
namespace {

// The token alone goes to standard output, so that it can be put into its file at once.
Result<void> enroll(const Invocation& invocation) {
  const auto& name = invocation.options.words[0];
  TRY(auto connection, Connection::open(invocation.options));
  TRY(const auto answer, connection.call("POST", "/api/v1/nodes", JsonObject().text("name", name).done()));
  TRY(const auto json, parse_json(answer));
  fmt::print("{}\n", text_member(json, "token"));
  fmt::print(stderr,
             "The token of the node {}, shown this once. Put it into the file that upstream_api.token_file "
             "names there, readable by its owner only.\n",
             name);
  return {};
}

}  // namespace

std::vector<Command> node_commands() {
  auto commands = make_commands({
      {.path = "node list",
       .method = "NodeService.ListNodes",
       .summary = "List the enrolled nodes",
       .columns = "name created_at created_by",
       .examples = {{"", "allauth node list"}}},
      {.path = "node remove",
       .method = "NodeService.RemoveNode",
       .summary = "Take a node's token back; its stream ends within a second",
       .words = "name",
       .says = "The token of the node {} is good no more.",
       .examples = {{"", "allauth node remove edge-1"}}},
  });
  commands.insert(
      commands.begin(),
      Command{.path = "node enroll",
              .summary = "Make the token that a gateway node shows to the API",
              .words = "NAME",
              .details = "It is shown this once. Whoever has it learns the whole directory but passwords "
                         "and what signs.",
              .examples = {{"", "allauth node enroll edge-1 >edge-1.token"}},
              .see_also = {"node list", "node remove"},
              .groups = {&server_options()},
              .run = enroll});
  return commands;
}

}  // namespace allauth::server::cli
