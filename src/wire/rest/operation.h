// One method of the API as REST needs it: worked out once, at start, from its descriptor. All checks
// of the descriptors are here, so that serving a request cannot meet a surprise in them.
#pragma once

#include <string>
#include <vector>

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include "allauth/v1/options.pb.h"
#include "base/error.h"
#include "wire/method.h"

namespace allauth::wire {

struct Operation {
  using Field = google::protobuf::FieldDescriptor;
  enum class Body { none, whole, field };

  const google::protobuf::MethodDescriptor* descriptor = nullptr;
  const Method* method = nullptr;          // its handler
  const Message* request = nullptr;        // an empty one, to make others from
  std::string http_method;                 // "GET"
  std::string path;                        // the template
  std::vector<const Field*> path_fields;   // in the order of the template's names
  std::vector<const Field*> query_fields;  // what the query string may name
  std::vector<const Field*> bound;         // what the body may not name
  Body body = Body::none;
  const Field* body_field = nullptr;  // with Body::field
  std::string location;               // template of response fields; empty: creates nothing
  const Field* revision = nullptr;    // of the response, if it is an entity
  bool is_public = false;
  WorkKind work = WorkKind::question;  // what it counts as where rates are limited
  bool answers_nothing = false;        // google.protobuf.Empty: 204
  bool streams = false;                // it has many answers, one after the other
};

// Errors are bugs, "schema.*", and name the method or field. `method` is kept by reference.
Result<Operation> compile(const google::protobuf::MethodDescriptor& descriptor, const Method& method);

// Only what read_json and append_json can do: no 64-bit numbers, bytes, maps or groups, and every
// enumeration value named after its type.
Result<void> check_schema(const google::protobuf::Descriptor& type);

// Fills a location template from the response, percent-encoded.
std::string render_location(const std::string& location, const Message& response);

}  // namespace allauth::wire
