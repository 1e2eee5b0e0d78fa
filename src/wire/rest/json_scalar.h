// Single JSON values into single fields of a message. Each sets a singular field or appends to a
// repeated one, or answers an Error (json.type, json.range ...) whose field is empty: the caller
// knows the path.
#pragma once

#include <string_view>

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include "base/error.h"

namespace allauth::wire {

// What a message type is in JSON.
enum class Shape {
  message,  // an object with the fields as members
  object,   // google.protobuf.Struct: any object
  value,    // google.protobuf.Value: anything
  array,    // google.protobuf.ListValue: any array
  time,     // google.protobuf.Timestamp: a string
};
Shape shape_of(const google::protobuf::Descriptor& type);

// For strings, enumerations and times.
Result<void> put_string(google::protobuf::Message& into, const google::protobuf::FieldDescriptor& field,
                        std::string_view text);

Result<void> put_bool(google::protobuf::Message& into, const google::protobuf::FieldDescriptor& field,
                      bool value);

// `digits` is a JSON number as it stands in the document.
Result<void> put_number(google::protobuf::Message& into, const google::protobuf::FieldDescriptor& field,
                        std::string_view digits);

// A JSON number as a double, correctly rounded; refused (json.number) if it is out of a double's range,
// or an integer that a double cannot hold exactly.
Result<double> exact_double(std::string_view digits);

// The Error json.type, saying what `field` takes: "This member must be a string."
std::unexpected<Error> wrong_type(const google::protobuf::FieldDescriptor& field);

}  // namespace allauth::wire
