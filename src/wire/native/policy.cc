#include "allauth/v1/policy.pb.h"
#include "app/policy/grants.h"
#include "app/policy/schema.h"
#include "wire/native/list_request.h"
#include "wire/native/policy_names.h"
#include "wire/native/services.h"
#include "wire/native/steps.h"

namespace allauth::wire::native {
namespace {

v1::PolicySchema encode(const app::SchemaView& schema) {
  v1::PolicySchema message;
  message.set_text(schema.text);
  message.mutable_warnings()->Assign(schema.warnings.begin(), schema.warnings.end());
  message.set_core(std::string(schema.core));
  message.set_revision(encode_revision(schema.stamp.revision));
  if (schema.stamp.revision == Revision{}) return message;
  *message.mutable_updated_at() = encode_time(schema.stamp.updated_at);
  message.set_updated_by(schema.stamp.updated_by);
  return message;
}

// Leaving it out would delete everything.
Result<void> require_text(const v1::WriteSchemaRequest& request) {
  if (request.has_text()) return {};
  return fail(Code::invalid, "schema.text", "Give the whole schema; an empty text for none.", "text");
}

v1::Grants encode(const app::HeldGrants& grants) {
  v1::Grants message;
  message.mutable_object()->set_kind(grants.kind);
  message.mutable_object()->set_id(grants.id);
  message.mutable_allowed()->Assign(grants.allowed.begin(), grants.allowed.end());
  message.mutable_denied()->Assign(grants.denied.begin(), grants.denied.end());
  message.mutable_role_ids()->Assign(grants.roles.begin(), grants.roles.end());
  return message;
}

Result<v1::ListGrantsResponse> list_grants(const Backend& backend, const Call& call,
                                           const v1::ListGrantsRequest& request) {
  TRY(const auto caller, authenticate_call(backend, call));
  std::optional<policy::ObjectRef> subject;
  if (!request.kind().empty() || !request.id().empty()) {
    subject.emplace();
    TRY(subject->kind, decode_kind(request.kind(), "kind"));
    TRY(subject->id, decode_id(subject->kind, request.id(), "id"));
  }
  TRY(const auto list, decode_list(request));
  TRY(const auto found, app::list_grants(backend.core, caller, subject, list));
  v1::ListGrantsResponse response;
  for (const auto& grants : found.page.items) *response.add_grants() = encode(grants);
  set_page(response, found.page);
  response.set_revision(encode_revision(found.revision));
  return response;
}

}  // namespace

void add_policy(MethodTable& table, const Backend& backend) {
  add_snapshot<v1::GetSchemaRequest, v1::PolicySchema>(
      table, "allauth.v1.PolicyService.GetSchema",
      [&backend](const Call& call, const v1::GetSchemaRequest&) -> Result<v1::PolicySchema> {
        TRY(const auto caller, authenticate_call(backend, call));
        TRY(const auto allowed, platform_permit<app::act::ReadPolicy>(backend, caller));
        return encode(app::read_schema(backend.core, allowed));
      });

  add_write_or_try<v1::WriteSchemaRequest, v1::PolicySchema>(
      table, backend, "allauth.v1.PolicyService.WriteSchema",
      [&backend](store::Read& read, const app::Caller& caller, const Call& call,
                 const v1::WriteSchemaRequest& request) -> Result<v1::PolicySchema> {
        TRY(const auto expected, expected_revision(call));
        TRY(const auto allowed, platform_permit<app::act::WriteSchema>(backend, caller));
        TRY(require_text(request));
        TRY(const auto schema, app::try_schema(backend.core, read, allowed, request.text(), expected));
        return encode(schema);
      },
      [&backend](const Call& call,
                 const v1::WriteSchemaRequest& request) -> Result<store::Write<app::SchemaView>> {
        TRY(const auto expected, expected_revision(call));
        TRY(const auto caller, authenticate_call(backend, call));
        TRY(auto allowed, platform_permit<app::act::WriteSchema>(backend, caller));
        TRY(require_text(request));
        return app::write_schema(backend.core, std::move(allowed), request.text(), expected);
      },
      [](app::SchemaView&& schema) -> Result<v1::PolicySchema> { return encode(schema); });

  add_snapshot<v1::ListGrantsRequest, v1::ListGrantsResponse>(
      table, "allauth.v1.PolicyService.ListGrants",
      [&backend](const Call& call, const v1::ListGrantsRequest& request) {
        return list_grants(backend, call, request);
      });
}

}  // namespace allauth::wire::native
