#include "app/policy/relationships.h"

#include "allauth/v1/policy.pb.h"
#include "wire/native/related.h"
#include "wire/native/services.h"
#include "wire/native/steps.h"

namespace allauth::wire::native {
namespace {

using Operation = app::RelationshipUpdate::Operation;

// The members of a filter, wherever they stand.
template <class Message>
RelationshipFilter decode_related(const Message& message) {
  RelationshipFilter filter{.resource_kind = message.resource_kind(),
                            .resource_id = message.resource_id(),
                            .resource_id_prefix = message.resource_id_prefix(),
                            .relation = message.relation(),
                            .subject_kind = message.subject_kind(),
                            .subject_id = message.subject_id()};
  if (message.has_subject_relation()) filter.subject_relation = message.subject_relation();
  return filter;
}

Result<Operation> decode_operation(v1::UpdateOperation operation) {
  switch (operation) {
    case v1::UPDATE_OPERATION_CREATE:
      return Operation::create;
    case v1::UPDATE_OPERATION_UNSPECIFIED:
    case v1::UPDATE_OPERATION_TOUCH:
      return Operation::touch;
    case v1::UPDATE_OPERATION_DELETE:
      return Operation::erase;
    default:
      return fail(Code::invalid, "policy.operation.unknown", "An update is create, touch or delete.",
                  "operation");
  }
}

template <class Request>
Result<std::vector<app::Precondition>> decode_preconditions(const Request& request) {
  std::vector<app::Precondition> preconditions;
  for (const auto& one : request.preconditions())
    preconditions.push_back({.filter = decode_related(one.filter()), .must_match = !one.must_not_match()});
  return preconditions;
}

Result<app::RelationshipChanges> decode(const v1::WriteRelationshipsRequest& request) {
  app::RelationshipChanges changes;
  TRY(changes.preconditions, decode_preconditions(request));
  TRY(changes.updates, decode_items<app::RelationshipUpdate>(
                           "updates", request.updates(),
                           [](const v1::RelationshipUpdate& update) -> Result<app::RelationshipUpdate> {
                             TRY(const auto operation, decode_operation(update.operation()));
                             return app::RelationshipUpdate{operation,
                                                            decode_relationship(update.relationship())};
                           }));
  return changes;
}

Result<app::RelationshipDeletion> decode(const v1::DeleteRelationshipsRequest& request) {
  app::RelationshipDeletion deletion{.filter = decode_related(request.filter()),
                                     .partial = request.partial()};
  TRY(deletion.preconditions, decode_preconditions(request));
  if (request.limit() != 0) deletion.limit = request.limit();
  return deletion;
}

}  // namespace

void add_relationships(MethodTable& table, const Backend& backend) {
  add_write<v1::WriteRelationshipsRequest, v1::WriteRelationshipsResponse>(
      table, backend, "allauth.v1.PolicyService.WriteRelationships",
      [&backend](const Call& call, const v1::WriteRelationshipsRequest& request)
          -> Result<store::Write<app::RelationshipsWritten>> {
        TRY(const auto caller, authenticate_call(backend, call));
        TRY(auto allowed, platform_permit<app::act::WriteRelationships>(backend, caller));
        TRY(auto changes, decode(request));
        return app::write_relationships(backend.core, std::move(allowed), std::move(changes));
      },
      [](app::RelationshipsWritten&& done) -> Result<v1::WriteRelationshipsResponse> {
        v1::WriteRelationshipsResponse response;
        response.set_written(done.written);
        response.set_deleted(done.deleted);
        response.set_revision(encode_revision(done.revision));
        return response;
      });

  add_write<v1::DeleteRelationshipsRequest, v1::DeleteRelationshipsResponse>(
      table, backend, "allauth.v1.PolicyService.DeleteRelationships",
      [&backend](const Call& call, const v1::DeleteRelationshipsRequest& request)
          -> Result<store::Write<app::RelationshipsDeleted>> {
        TRY(const auto caller, authenticate_call(backend, call));
        TRY(auto allowed, platform_permit<app::act::WriteRelationships>(backend, caller));
        TRY(auto deletion, decode(request));
        return app::delete_relationships(backend.core, std::move(allowed), std::move(deletion));
      },
      [](app::RelationshipsDeleted&& done) -> Result<v1::DeleteRelationshipsResponse> {
        v1::DeleteRelationshipsResponse response;
        response.set_deleted(done.deleted);
        response.set_more(done.more);
        response.set_revision(encode_revision(done.revision));
        return response;
      });

  add_read<v1::ListRelationshipsRequest, v1::ListRelationshipsResponse>(
      table, backend, "allauth.v1.PolicyService.ListRelationships",
      [&backend](store::Read& read, const app::Caller& caller,
                 const v1::ListRelationshipsRequest& request) -> Result<v1::ListRelationshipsResponse> {
        TRY(const auto allowed, platform_permit<app::act::ReadPolicy>(backend, caller));
        TRY(auto list, decode_list(request));
        TRY(const auto page,
            app::list_relationships(read, backend.core, allowed, decode_related(request), std::move(list)));
        return encode_page<v1::ListRelationshipsResponse>(
            page, [](auto& response) { return response.add_relationships(); });
      });
}

}  // namespace allauth::wire::native
