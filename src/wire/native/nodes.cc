#include "app/identity/nodes.h"

#include "allauth/v1/nodes.pb.h"
#include "wire/native/services.h"
#include "wire/native/steps.h"

namespace allauth::wire::native {
namespace {

Result<app::Permit<app::act::ManageNodes>> manage(const Backend& backend, const Call& call) {
  TRY(const auto caller, authenticate_call(backend, call));
  return platform_permit<app::act::ManageNodes>(backend, caller);
}

}  // namespace

void add_nodes(MethodTable& table, const Backend& backend) {
  add_write<v1::EnrollNodeRequest, v1::EnrollNodeResponse>(
      table, backend, "allauth.v1.NodeService.EnrollNode",
      [&backend](const Call& call,
                 const v1::EnrollNodeRequest& request) -> Result<store::Write<app::EnrolledNode>> {
        TRY(auto allowed, manage(backend, call));
        TRY(auto name, app::parse_node_name(request.name(), "name"));
        return app::enroll_node(backend.core, backend.issuer.digests(), std::move(allowed), std::move(name));
      },
      [](app::EnrolledNode&& enrolled) -> Result<v1::EnrollNodeResponse> {
        v1::EnrollNodeResponse response;
        response.set_name(enrolled.name);
        response.set_token(std::move(enrolled.token).reveal());
        return response;
      });

  add_read<v1::ListNodesRequest, v1::ListNodesResponse>(
      table, backend, "allauth.v1.NodeService.ListNodes",
      [&backend](store::Read& read, const app::Caller& caller,
                 const v1::ListNodesRequest& request) -> Result<v1::ListNodesResponse> {
        TRY(const auto allowed, platform_permit<app::act::ManageNodes>(backend, caller));
        TRY(const auto list, decode_list(request));
        TRY(const auto nodes, app::list_nodes(read, allowed, list));
        v1::ListNodesResponse response;
        set_page(response, nodes);
        for (const auto& node : nodes.items) {
          auto& item = *response.add_nodes();
          item.set_name(node.owner_id);
          *item.mutable_created_at() = encode_time(node.stamp.created_at);
          item.set_created_by(node.stamp.created_by);
        }
        return response;
      });

  add_write<v1::RemoveNodeRequest, google::protobuf::Empty>(
      table, backend, "allauth.v1.NodeService.RemoveNode",
      [&backend](const Call& call,
                 const v1::RemoveNodeRequest& request) -> Result<store::Write<store::Done>> {
        TRY(auto allowed, manage(backend, call));
        TRY(auto name, app::parse_node_name(request.name(), "name"));
        return app::remove_node(backend.core, std::move(allowed), std::move(name));
      },
      encode_nothing());
}

}  // namespace allauth::wire::native
