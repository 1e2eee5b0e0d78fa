#include "app/access/role_members.h"

#include "wire/native/services.h"
#include "wire/native/steps.h"

namespace allauth::wire::native {
namespace {

Result<std::vector<app::NewRoleMember>> decode(const v1::AddRoleMembersRequest& request) {
  std::vector<app::NewRoleMember> members;
  for (int i = 0; i < request.members_size(); ++i) {
    const auto& member = request.members(i);
    if (!is_id(member.id()))
      return fail(Code::invalid, "id.invalid", "Give the id of the member.",
                  fmt::format("members[{}].id", i));
    app::NewRoleMember made{.kind = member.kind(), .id = member.id(), .expires_at = {}};
    if (member.has_expires_at()) made.expires_at = decode_time(member.expires_at());
    members.push_back(std::move(made));
  }
  return members;
}

v1::ListHeldRolesResponse encode_held(const app::Page<app::HeldRole>& held) {
  v1::ListHeldRolesResponse response;
  for (const auto& [role, membership] : held.items) {
    auto& item = *response.add_roles();
    *item.mutable_role() = encode(role);
    *item.mutable_created_at() = encode_time(membership.stamp.created_at);
    if (membership.expires_at) *item.mutable_expires_at() = encode_time(*membership.expires_at);
  }
  set_page(response, held);
  return response;
}

void add_held_roles(MethodTable& table, const Backend& backend) {
  add_read<v1::ListUserRolesRequest, v1::ListHeldRolesResponse>(
      table, backend, "allauth.v1.RoleService.ListUserRoles",
      [&backend](store::Read& read, const app::Caller& caller,
                 const v1::ListUserRolesRequest& request) -> Result<v1::ListHeldRolesResponse> {
        TRY(const auto allowed, user_permit<app::act::ReadUser>(backend, caller, request.user_id()));
        TRY(const auto list, decode_list(request));
        TRY(const auto held, app::list_held_roles(backend.core, read, allowed, list));
        return encode_held(held);
      });

  add_read<v1::ListClientRolesRequest, v1::ListHeldRolesResponse>(
      table, backend, "allauth.v1.RoleService.ListClientRoles",
      [&backend](store::Read& read, const app::Caller& caller,
                 const v1::ListClientRolesRequest& request) -> Result<v1::ListHeldRolesResponse> {
        TRY(const auto allowed,
            permit<app::act::ReadClient>(backend, caller, request.client_id(), "client_id"));
        TRY(const auto list, decode_list(request));
        TRY(const auto held, app::list_held_roles(backend.core, read, allowed, list));
        return encode_held(held);
      });
}

}  // namespace

void add_role_members(MethodTable& table, const Backend& backend) {
  add_held_roles(table, backend);

  add_write<v1::AddRoleMembersRequest, v1::AddRoleMembersResponse>(
      table, backend, "allauth.v1.RoleService.AddRoleMembers",
      [&backend](const Call& call,
                 const v1::AddRoleMembersRequest& request) -> Result<store::Write<std::vector<RoleMember>>> {
        TRY(auto allowed, permit<app::act::ManageRole>(backend, call, request.role_id(), "role_id"));
        TRY(auto members, decode(request));
        return app::add_role_members(backend.core, std::move(allowed), std::move(members));
      },
      [](std::vector<RoleMember>&& rows) -> Result<v1::AddRoleMembersResponse> {
        v1::AddRoleMembersResponse response;
        for (const auto& row : rows) *response.add_members() = encode(row);
        return response;
      });

  add_read<v1::ListRoleMembersRequest, v1::ListRoleMembersResponse>(
      table, backend, "allauth.v1.RoleService.ListRoleMembers",
      [&backend](store::Read& read, const app::Caller& caller,
                 const v1::ListRoleMembersRequest& request) -> Result<v1::ListRoleMembersResponse> {
        TRY(const auto allowed, permit<app::act::ReadRole>(backend, caller, request.role_id(), "role_id"));
        TRY(const auto list, decode_list(request));
        TRY(const auto members, app::list_role_members(read, allowed, list));
        return encode_page<v1::ListRoleMembersResponse>(
            members, [](auto& response) { return response.add_members(); });
      });

  add_write<v1::RemoveRoleMemberRequest, google::protobuf::Empty>(
      table, backend, "allauth.v1.RoleService.RemoveRoleMember",
      [&backend](const Call& call,
                 const v1::RemoveRoleMemberRequest& request) -> Result<store::Write<store::Done>> {
        TRY(const auto expected, expected_revision(call));
        TRY(auto allowed, permit<app::act::ManageRole>(backend, call, request.role_id(), "role_id"));
        return app::remove_role_member(backend.core, std::move(allowed), request.kind(), request.id(),
                                       expected);
      },
      encode_nothing());
}

}  // namespace allauth::wire::native
