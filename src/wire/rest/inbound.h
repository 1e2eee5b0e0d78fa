// An HTTP request for an operation into a typed message and a Call: path, query, body, headers.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "codec/http.h"
#include "wire/entity_tags.h"
#include "wire/method.h"
#include "wire/read_mask.h"
#include "wire/rest/json_limits.h"
#include "wire/rest/operation.h"

namespace allauth::wire {

// Fills `call` with what the headers say of the caller. Errors: auth.* (also auth.missing if the operation is
// not public and nothing says who calls, auth.token_in_query), http.* (problem.h), precondition.*.
Result<void> read_call(const Operation& op, const http::Request& request, std::size_t max_body, Call& call);

// What `fields` of a GET asks for; everything without it. Error: fields.path.
Result<ReadMask> read_mask(const Operation& op, const http::Request& request);

// If-None-Match of a GET. Error: precondition.if_none_match, also for any other method.
Result<std::optional<EntityTags>> read_if_none_match(const Operation& op, const http::Request& request);

// Makes the request message from the path's values, the query string and the body, and fills
// call.present. An empty body is an empty object. Errors: query.*, body.unexpected, json.*.
Result<std::unique_ptr<Message>> read_message(const Operation& op, const http::Request& request,
                                              const std::vector<std::string>& path_values,
                                              const JsonLimits& limits, Call& call);

}  // namespace allauth::wire
