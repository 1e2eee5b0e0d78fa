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

Result<app::NewMember> decode(const v1::NewMember& member) {
  TRY(auto user, UserId::parse(member.user_id(), "user_id"));
  TRY(const auto role, decode_role(member.role()));
  return app::NewMember{std::move(user), role};
}

v1::UserDomain encode(const app::Membership& membership) {
  v1::UserDomain message;
  const auto member = native::encode(membership.member);
  message.set_domain_id(member.domain_id());
  message.set_domain_name(membership.domain_name);
  message.set_role(member.role());
  *message.mutable_created_at() = member.created_at();
  message.set_created_by(member.created_by());
  return message;
}

void add_memberships(MethodTable& table, const Backend& backend) {
  add_write<v1::BatchAddMembersRequest, v1::BatchAddMembersResponse>(
      table, backend, "allauth.v1.DomainService.BatchAddMembers",
      [&backend](const Call& call, const v1::BatchAddMembersRequest& request)
          -> Result<store::Write<std::vector<app::Member>>> {
        TRY(auto allowed, manage(backend, call, request.domain_id()));
        TRY(auto members, decode_items<app::NewMember>("members", request.members(),
                                                       [](const auto& item) { return decode(item); }));
        return app::add_members(backend.core, std::move(allowed), std::move(members));
      },
      [](std::vector<app::Member>&& added) -> Result<v1::BatchAddMembersResponse> {
        v1::BatchAddMembersResponse response;
        for (const auto& member : added) *response.add_members() = native::encode(member);
        return response;
      });

  add_read<v1::ListUserDomainsRequest, v1::ListUserDomainsResponse>(
      table, backend, "allauth.v1.DomainService.ListUserDomains",
      [&backend](store::Read& read, const app::Caller& caller,
                 const v1::ListUserDomainsRequest& request) -> Result<v1::ListUserDomainsResponse> {
        TRY(const auto allowed, user_permit<app::act::ReadUser>(backend, caller, request.user_id()));
        TRY(const auto list, decode_list(request));
        TRY(const auto memberships, app::list_memberships(backend.core, read, allowed, list));
        v1::ListUserDomainsResponse response;
        for (const auto& membership : memberships.items) *response.add_domains() = encode(membership);
        set_page(response, memberships);
        return response;
      });
}

}  // namespace

void add_members(MethodTable& table, const Backend& backend) {
  add_memberships(table, backend);

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
