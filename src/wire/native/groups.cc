#include "app/directory/groups.h"

#include "wire/native/services.h"
#include "wire/native/steps.h"

namespace allauth::wire::native {
namespace {

// An empty id stands for nobody.
Result<UserId> decode_owner(std::string_view id, std::string_view member) {
  if (id.empty()) return UserId();
  return UserId::parse(id, member);
}

Result<app::NewGroup> decode(const v1::CreateGroupRequest& request) {
  app::NewGroup group;
  TRY(group.common, decode_common(request));
  TRY(group.description, parse_description(request.description()));
  if (request.has_owner_id()) {
    TRY(group.owner, decode_owner(request.owner_id(), "owner_id"));
  }
  return group;
}

Result<app::GroupChanges> decode(const Call& call, const v1::UpdateGroupRequest& request) {
  app::GroupChanges changes;
  TRY(changes.common, decode_common_changes(call, request));
  TRY(changes.description,
      decode_present<std::string>(call, "description", request.description(), parse_description));
  TRY(changes.owner, decode_present<UserId>(call, "owner_id", request.owner_id(), decode_owner));
  return changes;
}

template <class Request>
void add_status(MethodTable& table, const Backend& backend, std::string name, Status status) {
  add_write<Request, v1::Group>(
      table, backend, std::move(name),
      [&backend, status](const Call& call, const Request& request) -> Result<store::Write<app::PlacedGroup>> {
        TRY(const auto expected, expected_revision(call));
        TRY(auto allowed, permit<app::act::UpdateGroup>(backend, call, request.group_id(), "group_id"));
        return app::set_group_status(backend.core, std::move(allowed), status, expected);
      },
      encode_entity<v1::Group>());
}

Result<std::size_t> decode_depth(std::uint32_t depth) {
  if (depth > app::kMaxGroupDepth)
    return fail(Code::invalid, "group.tree_depth", "A tree is 1 to 20 levels deep.", "depth");
  return depth == 0 ? app::kMaxGroupDepth : depth;
}

void add_tree_reads(MethodTable& table, const Backend& backend) {
  add_read<v1::GetGroupRequest, v1::Group>(
      table, backend, "allauth.v1.GroupService.GetGroup",
      [&backend](store::Read& read, const app::Caller& caller,
                 const v1::GetGroupRequest& request) -> Result<v1::Group> {
        TRY(const auto allowed, permit<app::act::ReadGroup>(backend, caller, request.group_id(), "group_id"));
        TRY(const auto group, app::get_group(backend.core, read, allowed));
        return encode(group);
      });

  add_read<v1::ListGroupsRequest, v1::ListGroupsResponse>(
      table, backend, "allauth.v1.GroupService.ListGroups",
      [&backend](store::Read& read, const app::Caller& caller,
                 const v1::ListGroupsRequest& request) -> Result<v1::ListGroupsResponse> {
        TRY(const auto allowed,
            permit<app::act::ListGroups>(backend, caller, request.domain_id(), "domain_id"));
        TRY(const auto list, decode_list(request));
        const auto level = request.top() ? app::Level::top : app::Level::all;
        TRY(const auto groups, app::list_groups(backend.core, read, allowed, level, list));
        return encode_page<v1::ListGroupsResponse>(groups,
                                                   [](auto& response) { return response.add_groups(); });
      });

  add_read<v1::ListGroupsBelowRequest, v1::ListGroupsBelowResponse>(
      table, backend, "allauth.v1.GroupService.ListGroupsBelow",
      [&backend](store::Read& read, const app::Caller& caller,
                 const v1::ListGroupsBelowRequest& request) -> Result<v1::ListGroupsBelowResponse> {
        TRY(const auto allowed,
            permit<app::act::ListGroupsBelow>(backend, caller, request.group_id(), "group_id"));
        TRY(const auto list, decode_list(request));
        TRY(const auto groups, app::list_groups_below(backend.core, read, allowed, list));
        return encode_page<v1::ListGroupsBelowResponse>(groups,
                                                        [](auto& response) { return response.add_groups(); });
      });

  add_read<v1::GetGroupTreeRequest, v1::GetGroupTreeResponse>(
      table, backend, "allauth.v1.GroupService.GetGroupTree",
      [&backend](store::Read& read, const app::Caller& caller,
                 const v1::GetGroupTreeRequest& request) -> Result<v1::GetGroupTreeResponse> {
        TRY(const auto allowed,
            permit<app::act::ListGroupsBelow>(backend, caller, request.group_id(), "group_id"));
        TRY(const auto depth, decode_depth(request.depth()));
        TRY(const auto tree, app::read_tree(backend.core, read, allowed, depth));
        v1::GetGroupTreeResponse response;
        response.set_complete(tree.complete);
        for (const auto& group : tree.groups) *response.add_groups() = encode(group);
        return response;
      });
}

void add_content_reads(MethodTable& table, const Backend& backend) {
  add_read<v1::ListGroupClientsRequest, v1::ListGroupClientsResponse>(
      table, backend, "allauth.v1.GroupService.ListGroupClients",
      [&backend](store::Read& read, const app::Caller& caller,
                 const v1::ListGroupClientsRequest& request) -> Result<v1::ListGroupClientsResponse> {
        TRY(const auto allowed,
            permit<app::act::ListGroupClients>(backend, caller, request.group_id(), "group_id"));
        TRY(const auto list, decode_list(request));
        TRY(const auto clients, app::list_clients_of_group(read, allowed, list));
        return encode_page<v1::ListGroupClientsResponse>(
            clients, [](auto& response) { return response.add_clients(); });
      });

  add_read<v1::ListGroupChannelsRequest, v1::ListGroupChannelsResponse>(
      table, backend, "allauth.v1.GroupService.ListGroupChannels",
      [&backend](store::Read& read, const app::Caller& caller,
                 const v1::ListGroupChannelsRequest& request) -> Result<v1::ListGroupChannelsResponse> {
        TRY(const auto allowed,
            permit<app::act::ListGroupChannels>(backend, caller, request.group_id(), "group_id"));
        TRY(const auto list, decode_list(request));
        TRY(const auto channels, app::list_channels_of_group(read, allowed, list));
        return encode_page<v1::ListGroupChannelsResponse>(
            channels, [](auto& response) { return response.add_channels(); });
      });
}

}  // namespace

void add_groups(MethodTable& table, const Backend& backend) {
  add_tree_reads(table, backend);
  add_content_reads(table, backend);
  using GroupWrite = Result<store::Write<app::PlacedGroup>>;

  add_write<v1::CreateGroupRequest, v1::Group>(
      table, backend, "allauth.v1.GroupService.CreateGroup",
      [&backend](const Call& call, const v1::CreateGroupRequest& request) -> GroupWrite {
        TRY(const auto caller, authenticate_call(backend, call));
        TRY(auto allowed, place_permit<app::act::CreateGroup>(backend, caller, request.domain_id(),
                                                              request.parent_id(), "parent_id"));
        TRY(auto group, decode(request));
        return app::create_group(backend.core, std::move(allowed), std::move(group));
      },
      encode_entity<v1::Group>());

  add_write<v1::UpdateGroupRequest, v1::Group>(
      table, backend, "allauth.v1.GroupService.UpdateGroup",
      [&backend](const Call& call, const v1::UpdateGroupRequest& request) -> GroupWrite {
        TRY(const auto expected, expected_revision(call));
        TRY(auto allowed, permit<app::act::UpdateGroup>(backend, call, request.group_id(), "group_id"));
        TRY(auto changes, decode(call, request));
        return app::update_group(backend.core, std::move(allowed), std::move(changes), expected);
      },
      encode_entity<v1::Group>());

  add_write<v1::MoveGroupRequest, v1::Group>(
      table, backend, "allauth.v1.GroupService.MoveGroup",
      [&backend](const Call& call, const v1::MoveGroupRequest& request) -> GroupWrite {
        TRY(const auto expected, expected_revision(call));
        TRY(auto allowed, permit<app::act::MoveGroup>(backend, call, request.group_id(), "group_id"));
        TRY(auto into,
            destination_permit<app::act::CreateGroup>(backend, call, allowed.caller(), kind::group,
                                                      allowed.object(), request.parent_id(), "parent_id"));
        return app::move_group(backend.core, std::move(allowed), std::move(into), expected);
      },
      encode_entity<v1::Group>());

  add_status<v1::EnableGroupRequest>(table, backend, "allauth.v1.GroupService.EnableGroup", Status::enabled);
  add_status<v1::DisableGroupRequest>(table, backend, "allauth.v1.GroupService.DisableGroup",
                                      Status::disabled);

  add_write<v1::DeleteGroupRequest, google::protobuf::Empty>(
      table, backend, "allauth.v1.GroupService.DeleteGroup",
      [&backend](const Call& call,
                 const v1::DeleteGroupRequest& request) -> Result<store::Write<store::Done>> {
        TRY(const auto expected, expected_revision(call));
        TRY(auto allowed, permit<app::act::DeleteGroup>(backend, call, request.group_id(), "group_id"));
        return app::delete_group(backend.core, std::move(allowed), decode_force(request.force()), expected);
      },
      encode_nothing());
}

}  // namespace allauth::wire::native
