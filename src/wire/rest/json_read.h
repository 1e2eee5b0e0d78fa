// JSON into a protobuf message, strictly: unknown and duplicate members, members of one oneof, null,
// wrong types, numbers that would lose digits, bad UTF-8 and anything outside RFC 8259 are refused.
// Enumerations are lower-case words, times RFC 3339 in UTC. Free-form objects and values are
// google.protobuf.Struct, Value and ListValue; there, null is a value.
//
// Errors (all Code::invalid): json.syntax, json.depth, json.type, json.null, json.number, json.range,
// json.nul, json.enum, json.time, json.unknown_member, json.duplicate_member, json.oneof,
// json.too_large; their field is the path of the member, as "tags[3]" or "client_key.key".
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include "base/error.h"
#include "wire/rest/json_limits.h"

namespace allauth::wire {

// Reads `text` into `into`, which must be empty but for the `bound` fields: those were filled from
// elsewhere and are refused as members. Answers the names of the top-level members, in their order.
// The caller bounds the size of `text`. After an error `into` is half filled.
Result<std::vector<std::string>> read_json(
    std::string_view text, google::protobuf::Message& into, const JsonLimits& limits,
    std::span<const google::protobuf::FieldDescriptor* const> bound = {});

// One scalar field from the text of a path segment or query parameter: a string, true or false, a
// decimal number, an enumeration word or a time. A repeated field gets one more element.
Result<void> read_text(std::string_view text, google::protobuf::Message& into,
                       const google::protobuf::FieldDescriptor& field);

}  // namespace allauth::wire
