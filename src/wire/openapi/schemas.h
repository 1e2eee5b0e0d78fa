// The messages of the API as JSON Schema (2020-12, as OpenAPI 3.1 has it), in the form in which REST reads
// and writes them (rest/json_read.h, rest/json_write.h): a request may have no other members; of an answer
// it says which members are always there.
#pragma once

#include <map>
#include <set>
#include <span>
#include <string>
#include <vector>

#include <boost/json/object.hpp>
#include <google/protobuf/descriptor.h>

#include "base/error.h"
#include "wire/openapi/comments.h"
#include "wire/rest/operation.h"

namespace allauth::wire::openapi {

class Schemas {
 public:
  using Object = boost::json::object;
  using Message = google::protobuf::Descriptor;
  using Field = google::protobuf::FieldDescriptor;

  // `comments` is borrowed. The operations are all that answers belong to.
  Schemas(const Comments& comments, std::span<const Operation> operations);

  // What the operation takes as its body; empty if that would have no members. Error: schema.name (bug), if
  // two bodies would have the same name.
  Result<Object> body(const Operation& operation);
  // What it answers, of a stream each message.
  Object answer(const Operation& operation);
  // A member of its path or query.
  Object parameter(const Field& field);

  // By name: all that the above have referred to.
  Object components() &&;

 private:
  enum class Use { request, answer };

  Object reference(const Message& type, Use use);
  Object reference(const google::protobuf::EnumDescriptor& type);
  Object describe(const Message& type, Use use, std::span<const Field* const> without);
  Object value(const Field& field, Use use);
  Object member(const Field& field, Use use);

  const Comments& comments_;
  std::set<const Message*> in_answers_;
  std::map<std::string, Object> made_;
};

}  // namespace allauth::wire::openapi
