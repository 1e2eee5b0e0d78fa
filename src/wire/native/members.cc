#include "app/directory/members.h"

#include "wire/native/services.h"
#include "wire/native/steps.h"

namespace allauth::wire::native {
namespace {

Result<app::DomainRole> decode_role(v1::DomainRole role) {
  switch (role) {
    case v1::DOMAIN_ROLE_OWNER:
      return app::DomainRole::owner;
    case v1::DOMAIN_ROLE_ADMIN:
      return app::DomainRole::admin;
    case v1::DOMAIN_ROLE_MEMBER:
      return app::DomainRole::member;
    default:
      return fail(Code::invalid, "member.role", "A role is owner, admin or member.", "role");
  }
}

Result<app::Permit<app::act::ManageMembers>> manage(const Backend& backend, const Call& call,
                                                    const std::string& domain) {
  return permit<app::act::ManageMembers>(backend, call, domain, "domain_id");
}

}  // namespace

void add_members(MethodTable& table, const Backend& backend) {
  add_write<v1::AddMemberRequest, v1::Member>(
      table, backend, "allauth.v1.DomainService.AddMember",
      [&backend](const Call& call, const v1::AddMemberRequest& request) -> Result<store::Write<app::Member>> {
        TRY(auto allowed, manage(backend, call, request.domain_id()));
        TRY(auto user, UserId::parse(request.user_id(), "user_id"));
        TRY(const auto role, decode_role(request.role()));
        return app::add_member(backend.core, std::move(allowed), std::move(user), role);
      },
      encode_entity<v1::Member>());

  add_write<v1::UpdateMemberRequest, v1::Member>(
      table, backend, "allauth.v1.DomainService.UpdateMember",
      [&backend](const Call& call,
                 const v1::UpdateMemberRequest& request) -> Result<store::Write<app::Member>> {
        TRY(const auto expected, expected_revision(call));
        TRY(auto allowed, manage(backend, call, request.domain_id()));
        TRY(auto user, UserId::parse(request.user_id(), "user_id"));
        TRY(const auto role, decode_role(request.role()));
        return app::change_member(backend.core, std::move(allowed), std::move(user), role, expected);
      },
      encode_entity<v1::Member>());

  add_write<v1::RemoveMemberRequest, google::protobuf::Empty>(
      table, backend, "allauth.v1.DomainService.RemoveMember",
      [&backend](const Call& call,
                 const v1::RemoveMemberRequest& request) -> Result<store::Write<store::Done>> {
        TRY(const auto expected, expected_revision(call));
        TRY(auto allowed, manage(backend, call, request.domain_id()));
        TRY(auto user, UserId::parse(request.user_id(), "user_id"));
        return app::remove_member(backend.core, std::move(allowed), std::move(user), expected);
      },
      encode_nothing());

  add_read<v1::ListMembersRequest, v1::ListMembersResponse>(
      table, backend, "allauth.v1.DomainService.ListMembers",
      [&backend](store::Read& read, const app::Caller& caller,
                 const v1::ListMembersRequest& request) -> Result<v1::ListMembersResponse> {
        TRY(const auto allowed,
            permit<app::act::ReadMembers>(backend, caller, request.domain_id(), "domain_id"));
        TRY(const auto list, decode_list(request));
        TRY(const auto members, app::list_members(read, allowed, list));
        return encode_page<v1::ListMembersResponse>(members,
                                                    [](auto& response) { return response.add_members(); });
      });
}

}  // namespace allauth::wire::native
