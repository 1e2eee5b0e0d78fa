// What a message from outside must be besides well-formed: what REST would refuse is refused here as well.
#pragma once

#include <google/protobuf/message.h>

#include "base/error.h"
#include "wire/rest/json_limits.h"

namespace allauth::wire {

// Errors (all Code::invalid; their field is the path, as "tags[3]"): message.unknown_field,
// message.enum for a number that its type has not, message.nul for U+0000 in a text, message.number for
// one that is not finite, message.time outside the years 1 to 9999, message.value for a free-form value
// without one, message.depth and message.too_large for free-form values beyond the limits.
Result<void> check_message(const google::protobuf::Message& message, const JsonLimits& limits);

}  // namespace allauth::wire
