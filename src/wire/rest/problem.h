// Errors as HTTP answers: problem details (RFC 9457), from one table.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"
#include "codec/http.h"

namespace allauth::wire {

// Refusals that belong to HTTP itself and have statuses that no Code has.
inline constexpr Reason kMethodNotAllowed = "http.method_not_allowed";    // 405
inline constexpr Reason kNotAcceptable = "http.not_acceptable";           // 406
inline constexpr Reason kBodyTooLarge = "http.body_too_large";            // 413
inline constexpr Reason kUnsupportedMediaType = "http.unsupported_type";  // 415

int status_of(const Error& error);

// The standard phrase of a status (RFC 9110 §15), for those that status_of gives.
std::string_view phrase_of(int status);

// type about:blank, title, status, detail (the Error's message), reason, field, request_id; with
// Retry-After if the Error says when, and WWW-Authenticate on 401. A bug's message and every
// Error.detail stay inside.
http::Response problem(const Error& error, std::string_view request_id);

}  // namespace allauth::wire
