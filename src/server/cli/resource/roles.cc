#include <fmt/format.h>

#include "server/cli/client/connection.h"
#include "server/cli/client/json.h"
#include "server/cli/resource/directory.h"
#include "server/cli/resource/list.h"
#include "server/cli/resource/request.h"
#include "server/cli/resource/resolve.h"
#include "server/cli/table/shared_options.h"

namespace allauth::server::cli {
namespace {

constexpr std::string_view kMemberColumns = "id kind expires_at created_at";

// Its own function since the members are things in themselves.
Result<void> add_members(const Invocation& invocation) {
  const Options& options = invocation.options;
  TRY(auto connection, Connection::open(options));
  Resolver resolver(connection, options.find("domain").value_or(connection.profile().domain));
  std::string members;
  for (std::size_t i = 1; i < options.words.size(); ++i) {
    TRY(const auto ref, parse_ref(options.words[i]));
    TRY(const auto id, resolver.id_of(ref.kind, ref.id));
    JsonObject member;
    member.text("kind", ref.kind).text("id", id);
    if (const auto until = options.find("expires-at")) member.text("expires_at", *until);
    members += (members.empty() ? "" : ",") + member.done();
  }
  TRY(const auto answer,
      connection.call("POST", fmt::format("/api/v1/roles/{}/members", percent_encoded(options.words[0])),
                      JsonObject().raw("members", "[" + members + "]").done()));
  if (options.has("json")) {
    fmt::print("{}\n", answer);
    return {};
  }
  TRY(const auto json, parse_json(answer));
  options.has("quiet") ? print_ids(json, kMemberColumns) : print_list(json, kMemberColumns);
  return {};
}

Command add_member_command() {
  return {
      .path = "role add-member",
      .summary = "Give users and clients a role, for good or until a time",
      .words = "ROLE KIND:ID...",
      .options = {{"expires-at", "TIME", "until then, such as 2026-12-31T00:00:00Z; else for good"},
                  {"domain", "DOMAIN", "where clients are looked for by name; else the profile's domain"}},
      .details = "All or none. Who is a member already gets the new end.",
      .examples = {{"", "allauth role add-member 0198f3d2-0000-7000-8000-000000000000 bob@example.org"},
                   {"for a day",
                    "allauth role add-member 0198f3d2-0000-7000-8000-000000000000 client:thermometer-7 "
                    "--expires-at 2026-11-23T00:00:00Z"}},
      .see_also = {"role members", "role remove-member"},
      .groups = {&output_options(), &server_options()},
      .run = add_members};
}

}  // namespace

std::vector<Command> role_commands() {
  auto commands = make_commands({
      {.path = "role create",
       .method = "RoleService.CreateRole",
       .summary = "Make a role: actions on one thing and on what is in it",
       .words = "name",
       .details =
           "Who holds it may do these things there and nowhere else, and may not do what it denies, whatever "
           "else allows it. `allauth role actions KIND` lists what there is.",
       .examples =
           {{"", "allauth role create Maintenance --on group:'Hall 1' --action client_read,client_update"},
            {"", "allauth role create Auditor --on platform --action audit_read"},
            {"who holds it may do everything with one client",
             "allauth role create Keeper --on domain:plant-1 "
             "--grant '{\"kind\":\"client\",\"object_id\":\"c7\",\"action\":\"*\"}'"}},
       .see_also = {"role actions", "role add-member"}},
      {.path = "role list",
       .method = "RoleService.ListRoles",
       .summary = "List the roles on one thing, the built-in ones as well",
       .columns = "id name built_in actions denied_actions",
       .examples = {{"", "allauth role list --on domain:plant-1"}, {"", "allauth role list --on platform"}}},
      {.path = "role get",
       .method = "RoleService.GetRole",
       .summary = "Show a role",
       .words = "role_id",
       .examples = {{"", "allauth role get 0198f3d2-0000-7000-8000-000000000000"}}},
      {.path = "role update",
       .method = "RoleService.UpdateRole",
       .summary = "Change a role; lists that are given replace the old ones",
       .words = "role_id",
       .examples = {{"", "allauth role update 0198f3d2-0000-7000-8000-000000000000 --name Night-shift"}}},
      {.path = "role delete",
       .method = "RoleService.DeleteRole",
       .summary = "Delete roles; their members lose them",
       .words = "role_id...",
       .says = "The role {} was deleted.",
       .examples = {{"", "allauth role delete 0198f3d2-0000-7000-8000-000000000000"}},
       .question = "Delete the role {}?"},
      {.path = "role add-actions",
       .method = "RoleService.AddRoleActions",
       .summary = "Let a role grant or deny more",
       .words = "role_id",
       .examples = {{"",
                     "allauth role add-actions 0198f3d2-0000-7000-8000-000000000000 --action client_read"}}},
      {.path = "role remove-actions",
       .method = "RoleService.RemoveRoleActions",
       .summary = "Let a role grant or deny less",
       .words = "role_id",
       .examples =
           {{"", "allauth role remove-actions 0198f3d2-0000-7000-8000-000000000000 --action client_read"}}},
      {.path = "role members",
       .method = "RoleService.ListRoleMembers",
       .summary = "List who holds a role",
       .words = "role_id",
       .columns = std::string(kMemberColumns),
       .examples = {{"", "allauth role members 0198f3d2-0000-7000-8000-000000000000"}}},
      {.path = "role remove-member",
       .method = "RoleService.RemoveRoleMember",
       .summary = "Take a role from a user or client",
       .words = "role_id subject",
       .says = "{} does not hold the role any more.",
       .examples = {{"", "allauth role remove-member 0198f3d2-0000-7000-8000-000000000000 bob@example.org"}}},
      {.path = "role actions",
       .method = "RoleService.ListActions",
       .summary = "List what roles on a kind of thing can grant",
       .words = "scope_kind",
       .columns = "action",
       .examples = {{"", "allauth role actions group"}}},
  });
  commands.push_back(add_member_command());
  return commands;
}

}  // namespace allauth::server::cli
