#include "app/access/custom_roles.h"
#include "wire/native/services.h"
#include "wire/native/steps.h"

namespace allauth::wire::native {
namespace {

using RoleWrite = Result<store::Write<Role>>;

template <class List>
std::vector<RoleGrant> decode_grants(const List& grants) {
  std::vector<RoleGrant> decoded;
  for (const auto& grant : grants)
    decoded.push_back({grant.kind(), grant.object_id(), grant.action(),
                       grant.effect() == v1::EFFECT_DENY ? Effect::deny : Effect::allow});
  return decoded;
}

template <class Request>
app::RoleActions decode_actions(const Request& request) {
  return {.allowed = {request.actions().begin(), request.actions().end()},
          .denied = {request.denied_actions().begin(), request.denied_actions().end()},
          .elsewhere = decode_grants(request.grants())};
}

Result<app::RoleChanges> decode(const Call& call, const v1::UpdateRoleRequest& request) {
  app::RoleChanges changes;
  TRY(changes.name, decode_present<std::string>(call, "name", request.name(), parse_name));
  app::RoleActions given = decode_actions(request);
  if (is_present(call, "actions")) changes.allowed = std::move(given.allowed);
  if (is_present(call, "denied_actions")) changes.denied = std::move(given.denied);
  if (is_present(call, "grants")) changes.elsewhere = std::move(given.elsewhere);
  return changes;
}

template <class Act, class Request>
Result<app::Permit<Act>> scope_permit(const Backend& backend, const app::Caller& caller,
                                      const Request& request) {
  TRY(auto scope, app::parse_scope(backend.core.schema(), request.scope_kind(), request.scope_id()));
  return app::Gate(backend.core).require<Act>(caller, std::move(scope));
}

template <class Request>
void add_change(MethodTable& table, const Backend& backend, std::string name, app::ActionChange how) {
  add_write<Request, v1::Role>(
      table, backend, std::move(name),
      [&backend, how](const Call& call, const Request& request) -> RoleWrite {
        TRY(const auto expected, expected_revision(call));
        TRY(auto allowed, permit<app::act::ManageRole>(backend, call, request.role_id(), "role_id"));
        return app::change_actions(backend.core, std::move(allowed), how, decode_actions(request), expected);
      },
      encode_entity<v1::Role>());
}

void add_role_reads(MethodTable& table, const Backend& backend) {
  add_read<v1::GetRoleRequest, v1::Role>(
      table, backend, "allauth.v1.RoleService.GetRole",
      [&backend](store::Read& read, const app::Caller& caller,
                 const v1::GetRoleRequest& request) -> Result<v1::Role> {
        TRY(const auto allowed, permit<app::act::ReadRole>(backend, caller, request.role_id(), "role_id"));
        TRY(const auto role, app::get_role(read, allowed));
        return encode(role);
      });

  add_read<v1::ListRolesRequest, v1::ListRolesResponse>(
      table, backend, "allauth.v1.RoleService.ListRoles",
      [&backend](store::Read& read, const app::Caller& caller,
                 const v1::ListRolesRequest& request) -> Result<v1::ListRolesResponse> {
        TRY(const auto allowed, scope_permit<app::act::ListRoles>(backend, caller, request));
        TRY(const auto list, decode_list(request));
        TRY(const auto roles, app::list_roles(read, allowed, list));
        return encode_page<v1::ListRolesResponse>(roles, [](auto& response) { return response.add_roles(); });
      });

  add_snapshot<v1::ListActionsRequest, v1::ListActionsResponse>(
      table, "allauth.v1.RoleService.ListActions",
      [&backend](const Call& call, const v1::ListActionsRequest& request) -> Result<v1::ListActionsResponse> {
        TRY(authenticate_call(backend, call));
        TRY(const auto actions, app::list_actions(backend.core.schema(), request.scope_kind()));
        v1::ListActionsResponse response;
        response.mutable_actions()->Assign(actions.all.begin(), actions.all.end());
        response.mutable_deniable_actions()->Assign(actions.deniable.begin(), actions.deniable.end());
        return response;
      });
}

}  // namespace

void add_roles(MethodTable& table, const Backend& backend) {
  add_role_reads(table, backend);

  add_write<v1::CreateRoleRequest, v1::Role>(
      table, backend, "allauth.v1.RoleService.CreateRole",
      [&backend](const Call& call, const v1::CreateRoleRequest& request) -> RoleWrite {
        TRY(const auto caller, authenticate_call(backend, call));
        TRY(auto allowed, scope_permit<app::act::CreateRole>(backend, caller, request));
        app::NewRole role{.name = {}, .actions = decode_actions(request)};
        TRY(role.name, parse_name(request.name()));
        return app::create_role(backend.core, std::move(allowed), std::move(role));
      },
      encode_entity<v1::Role>());

  add_write<v1::UpdateRoleRequest, v1::Role>(
      table, backend, "allauth.v1.RoleService.UpdateRole",
      [&backend](const Call& call, const v1::UpdateRoleRequest& request) -> RoleWrite {
        TRY(const auto expected, expected_revision(call));
        TRY(auto allowed, permit<app::act::ManageRole>(backend, call, request.role_id(), "role_id"));
        TRY(auto changes, decode(call, request));
        return app::update_role(backend.core, std::move(allowed), std::move(changes), expected);
      },
      encode_entity<v1::Role>());

  add_change<v1::AddRoleActionsRequest>(table, backend, "allauth.v1.RoleService.AddRoleActions",
                                        app::ActionChange::add);
  add_change<v1::RemoveRoleActionsRequest>(table, backend, "allauth.v1.RoleService.RemoveRoleActions",
                                           app::ActionChange::remove);

  add_write<v1::DeleteRoleRequest, google::protobuf::Empty>(
      table, backend, "allauth.v1.RoleService.DeleteRole",
      [&backend](const Call& call,
                 const v1::DeleteRoleRequest& request) -> Result<store::Write<store::Done>> {
        TRY(const auto expected, expected_revision(call));
        TRY(auto allowed, permit<app::act::ManageRole>(backend, call, request.role_id(), "role_id"));
        return app::delete_role(backend.core, std::move(allowed), expected);
      },
      encode_nothing());
}

}  // namespace allauth::wire::native
