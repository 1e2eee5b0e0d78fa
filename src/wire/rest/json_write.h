// A protobuf message as JSON, such that read_json reads it back: members in the order of their
// declaration, scalars and lists always, messages, `optional` fields and enumerations only if set.
// Free-form objects come out with their keys sorted.
#pragma once

#include <string>
#include <string_view>

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include "wire/read_mask.h"

namespace allauth::wire {

// Appends to `out`, of the members those that are wanted. The message's types must have passed check_schema.
void append_json(std::string& out, const google::protobuf::Message& message,
                 const ReadMask& mask = ReadMask::all());

// The JSON word of an enumeration value: STATUS_ENABLED of Status is "enabled". Empty for the zero
// value, which stands for "not said" and has no word.
std::string enum_word(const google::protobuf::EnumValueDescriptor& value);

}  // namespace allauth::wire
