// Errors as the status of a gRPC call, from one table: invalid INVALID_ARGUMENT, unauthenticated
// UNAUTHENTICATED, denied PERMISSION_DENIED, not_found NOT_FOUND, conflict ALREADY_EXISTS if something of
// that name is there (reasons *.taken and *.exists) and else FAILED_PRECONDITION, stale ABORTED, exhausted
// RESOURCE_EXHAUSTED, unavailable UNAVAILABLE, unsupported UNIMPLEMENTED, bug INTERNAL.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "codec/rpc.h"

namespace allauth::wire {

// Refusals that belong to gRPC itself and have codes that no Code has.
inline constexpr Reason kNoSuchMethod = "rpc.no_such_method";  // UNIMPLEMENTED

rpc::StatusCode status_code(const Error& error);

// With a google.rpc.Status as details (AIP-193): ErrorInfo with the reason, the domain "allauth" and in its
// metadata request_id and field; BadRequest if a field is wrong; RetryInfo if the Error says when. A bug's
// message and every Error.detail stay inside.
rpc::Status to_status(const Error& error, std::string_view request_id);

// What such a status says, read back. Fields that it does not have are empty.
struct Failure {
  std::string reason{};
  std::string field{};
  std::string request_id{};
};
Failure read_failure(const rpc::Status& status);

}  // namespace allauth::wire
