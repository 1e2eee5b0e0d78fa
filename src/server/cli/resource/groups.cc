#include <map>

#include <fmt/format.h>

#include "server/cli/client/connection.h"
#include "server/cli/client/json.h"
#include "server/cli/resource/directory.h"
#include "server/cli/resource/request.h"
#include "server/cli/resource/resolve.h"
#include "server/cli/resource/tree.h"
#include "server/cli/table/shared_options.h"

namespace allauth::server::cli {
namespace {

Result<void> append_groups(const Json& page, std::vector<TreeNode>& into) {
  const auto* groups = member(page, "groups");
  if (groups == nullptr || !groups->is_array()) return {};
  for (const auto& group : groups->as_array()) {
    const bool disabled = text_member(group, "status") == "disabled";
    into.push_back({.id = text_member(group, "id"),
                    .parent = text_member(group, "parent_id"),
                    .name = text_member(group, "name") + (disabled ? " (disabled)" : "")});
  }
  return {};
}

Result<std::vector<TreeNode>> groups_of_domain(Connection& connection, const std::string& domain) {
  std::vector<TreeNode> nodes;
  std::string next;
  do {
    TRY(const auto answer,
        connection.call("GET",
                        fmt::format("/api/v1/domains/{}/groups?page_size=1000{}{}", percent_encoded(domain),
                                    next.empty() ? "" : "&page_token=", percent_encoded(next))));
    TRY(const auto page, parse_json(answer));
    TRY(append_groups(page, nodes));
    next = text_member(page, "next_page_token");
  } while (!next.empty());
  return nodes;
}

Result<std::vector<TreeNode>> groups_below(Connection& connection, const std::string& group) {
  std::vector<TreeNode> nodes;
  const std::string path = "/api/v1/groups/" + percent_encoded(group);
  TRY(const auto top, connection.call("GET", path));
  TRY(const auto json, parse_json(top));
  nodes.push_back({.id = text_member(json, "id"), .parent = {}, .name = text_member(json, "name")});
  TRY(const auto answer, connection.call("GET", path + "/tree"));
  TRY(const auto below, parse_json(answer));
  TRY(append_groups(below, nodes));
  if (const auto* complete = member(below, "complete"); complete != nullptr && *complete == false)
    fmt::print(stderr, "There are more than 1000; look at one of the groups below.\n");
  return nodes;
}

Result<void> tree(const Invocation& invocation) {
  const Options& options = invocation.options;
  TRY(auto connection, Connection::open(options));
  Resolver resolver(connection, options.find("domain").value_or(connection.profile().domain));
  std::vector<TreeNode> nodes;
  if (!options.words.empty()) {
    TRY(const auto group, resolver.id_of("group", options.words[0]));
    TRY(nodes, groups_below(connection, group));
  } else {
    TRY(const auto domain, resolver.domain());
    if (domain.empty())
      return fail(Code::invalid, "usage", "Which? A group, or --domain DOMAIN for all groups of a domain.");
    TRY(nodes, groups_of_domain(connection, domain));
  }
  fmt::print("{}", draw_tree(nodes));
  return {};
}

Command tree_command() {
  return {.path = "group tree",
          .summary = "Draw the groups of a domain, or those below one, as a tree",
          .words = "[GROUP]",
          .options = {{"domain", "DOMAIN", "the domain, by id or route; else the profile's"}},
          .examples = {{"", "allauth group tree --domain plant-1"}, {"", "allauth group tree 'Hall 1'"}},
          .see_also = {"group list"},
          .groups = {&server_options()},
          .run = tree};
}

}  // namespace

std::vector<Command> group_commands() {
  auto commands = make_commands({
      {.path = "group create",
       .method = "GroupService.CreateGroup",
       .summary = "Make a group: a folder for clients, channels and groups",
       .words = "name",
       .examples = {{"", "allauth group create 'Hall 1' --domain plant-1"},
                    {"in another one", "allauth group create 'Line 2' --parent 'Hall 1' --domain plant-1"}},
       .see_also = {"group tree", "client move", "role create"}},
      {.path = "group list",
       .method = "GroupService.ListGroups",
       .summary = "List the groups of a domain",
       .columns = "id name path status created_at",
       .examples = {{"", "allauth group list --domain plant-1"}, {"", "allauth group list --top"}}},
      {.path = "group get",
       .method = "GroupService.GetGroup",
       .summary = "Show a group",
       .words = "group_id",
       .examples = {{"", "allauth group get 'Hall 1' --domain plant-1"}}},
      {.path = "group update",
       .method = "GroupService.UpdateGroup",
       .summary = "Change a group",
       .words = "group_id",
       .details =
           "Only what is said changes. Tags and metadata that are given replace the old ones as a whole.",
       .examples = {{"", "allauth group update 'Hall 1' --description 'The old one'"}}},
      {.path = "group move",
       .method = "GroupService.MoveGroup",
       .summary = "Put a group, with all below it, into another, or at the top",
       .words = "group_id parent_id",
       .says = "It was moved.",
       .examples = {{"", "allauth group move 'Line 2' 'Hall 3'"},
                    {"to the top", "allauth group move 'Line 2' ''"}}},
      {.path = "group enable",
       .method = "GroupService.EnableGroup",
       .summary = "Let groups pass rights on again",
       .words = "group_id...",
       .says = "The group {} is enabled.",
       .examples = {{"", "allauth group enable 'Hall 1'"}}},
      {.path = "group disable",
       .method = "GroupService.DisableGroup",
       .summary = "Let groups pass no rights on",
       .words = "group_id...",
       .says = "The group {} is disabled.",
       .examples = {{"", "allauth group disable 'Hall 1'"}}},
      {.path = "group delete",
       .method = "GroupService.DeleteGroup",
       .summary = "Delete groups",
       .words = "group_id...",
       .says = "The group {} was deleted.",
       .details = "Refused while anything is in it. Forced, the groups below it go, too, and their clients "
                  "and channels stay.",
       .examples = {{"", "allauth group delete 'Line 2'"},
                    {"", "allauth group delete 'Hall 1' --force --yes"}},
       .question = "Delete the group {}?"},
      {.path = "group groups",
       .method = "GroupService.ListGroupsBelow",
       .summary = "List the groups that lie in a group",
       .words = "group_id",
       .columns = "id name status created_at",
       .examples = {{"", "allauth group groups 'Hall 1'"}}},
      {.path = "group clients",
       .method = "GroupService.ListGroupClients",
       .summary = "List the clients that lie in a group",
       .words = "group_id",
       .columns = "id name status created_at",
       .examples = {{"", "allauth group clients 'Hall 1'"}}},
      {.path = "group channels",
       .method = "GroupService.ListGroupChannels",
       .summary = "List the channels that lie in a group",
       .words = "group_id",
       .columns = "id route name status created_at",
       .examples = {{"", "allauth group channels 'Hall 1'"}}},
      {.path = "group connect",
       .method = "ChannelService.ConnectGroup",
       .summary = "Let all clients in a group and below it publish to, or subscribe from, a channel",
       .words = "group_id channel_id",
       .details = "For as long as they lie there, and the groups between are enabled.",
       .examples = {{"", "allauth group connect 'Hall 1' temps --action publish"}},
       .see_also = {"group disconnect", "group connections", "channel groups", "connect"}},
      {.path = "group disconnect",
       .method = "ChannelService.DisconnectGroup",
       .summary = "Take a group's connection to a channel away, also from what is connected now",
       .words = "group_id channel_id",
       .says = "The group is not connected to {} any more.",
       .examples = {{"", "allauth group disconnect 'Hall 1' temps"}},
       .see_also = {"group connect"}},
      {.path = "group connections",
       .method = "ChannelService.ListGroupConnections",
       .summary = "List the channels that a group is connected to",
       .words = "group_id",
       .columns = "channel_id actions created_at",
       .examples = {{"", "allauth group connections 'Hall 1'"}},
       .see_also = {"group connect", "channel groups"}},
  });
  commands.push_back(tree_command());
  return commands;
}

}  // namespace allauth::server::cli
