#include "wire/rpc/status.h"

#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"

namespace allauth::wire {
namespace {

constexpr std::string_view kHidden =
    "This failed for a reason inside the server; its log has it under the request id.";

bool says_taken(const Error& error) {
  const auto slug = error.reason.slug();
  return slug.ends_with(".taken") || slug.ends_with(".exists");
}

}  // namespace

rpc::StatusCode status_code(const Error& error) {
  using rpc::StatusCode;
  if (error.reason == kNoSuchMethod) return StatusCode::unimplemented;
  switch (error.code) {
    case Code::invalid:
      return StatusCode::invalid_argument;
    case Code::unauthenticated:
      return StatusCode::unauthenticated;
    case Code::denied:
      return StatusCode::permission_denied;
    case Code::not_found:
      return StatusCode::not_found;
    case Code::conflict:
      return says_taken(error) ? StatusCode::already_exists : StatusCode::failed_precondition;
    case Code::stale:
      return StatusCode::aborted;
    case Code::exhausted:
      return StatusCode::resource_exhausted;
    case Code::unavailable:
      return StatusCode::unavailable;
    case Code::unsupported:
      return StatusCode::unimplemented;
    case Code::bug:
      return StatusCode::internal;
  }
  return StatusCode::internal;
}

rpc::Status to_status(const Error& error, std::string_view request_id) {
  const bool hidden = error.code == Code::bug;
  rpc::Status status{.code = status_code(error), .message = std::string(hidden ? kHidden : error.message)};
  google::rpc::Status rich;
  rich.set_code(static_cast<int>(status.code));
  rich.set_message(status.message);
  google::rpc::ErrorInfo info;
  info.set_reason(std::string(error.reason.slug()));
  info.set_domain("allauth");
  (*info.mutable_metadata())["request_id"] = std::string(request_id);
  const bool names_field = !error.field.empty() && !hidden;
  if (names_field) (*info.mutable_metadata())["field"] = error.field;
  rich.add_details()->PackFrom(info);
  if (names_field) {
    google::rpc::BadRequest wrong;
    auto& violation = *wrong.add_field_violations();
    violation.set_field(error.field);
    violation.set_description(error.message);
    rich.add_details()->PackFrom(wrong);
  }
  if (error.retry_after) {
    google::rpc::RetryInfo retry;
    retry.mutable_retry_delay()->set_seconds(error.retry_after->count());
    rich.add_details()->PackFrom(retry);
  }
  status.details = rich.SerializeAsString();
  return status;
}

Failure read_failure(const rpc::Status& status) {
  google::rpc::Status rich;
  if (!rich.ParseFromString(status.details)) return {};
  Failure failure;
  for (const auto& detail : rich.details()) {
    google::rpc::ErrorInfo info;
    if (!detail.Is<google::rpc::ErrorInfo>() || !detail.UnpackTo(&info)) continue;
    const auto said = [&](const char* name) {
      const auto found = info.metadata().find(name);
      return found == info.metadata().end() ? std::string() : found->second;
    };
    failure = {.reason = info.reason(), .field = said("field"), .request_id = said("request_id")};
  }
  return failure;
}

}  // namespace allauth::wire
