// A gRPC call for a method into a typed message and a Call: metadata and bytes.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include <google/protobuf/descriptor.h>

#include "base/error.h"
#include "codec/rpc.h"
#include "wire/method.h"
#include "wire/read_mask.h"
#include "wire/rest/json_limits.h"

namespace allauth::wire {

// One method of the API as this face needs it: worked out once, at start.
struct RpcMethod {
  std::string path;  // "/allauth.v1.UserService/GetUser"
  const google::protobuf::MethodDescriptor* descriptor = nullptr;
  const Method* method = nullptr;    // its handler
  const Message* request = nullptr;  // an empty one, to make others from
  bool is_public = false;
  bool writes = false;
  WorkKind work = WorkKind::question;  // what it counts as where rates are limited
};

// "/allauth.v1.UserService/GetUser"
std::string method_path(const google::protobuf::MethodDescriptor& descriptor);

// Errors are bugs, "schema.*", and name the method. `method` is kept by reference.
Result<RpcMethod> compile_rpc(const google::protobuf::MethodDescriptor& descriptor, const Method& method);

// Fills `call` with what the metadata say of the caller. Errors: auth.* (also auth.missing if the method is
// not public and nothing says who calls), precondition.*.
Result<void> read_call(const RpcMethod& method, const rpc::Head& head, Call& call);

// What `allauth-fields` asks for, of a method that reads; everything without it. Error: fields.path.
Result<ReadMask> read_mask(const RpcMethod& method, const rpc::Head& head);

struct MessageLimits {
  std::size_t max_message = 256 * 1024;  // bytes
  JsonLimits json;                       // of free-form values
};

// The message, and of one that writes in call.present what it states (wire/present.h). Errors:
// message.malformed, message.too_large, mask.path, those of check_message.
Result<std::unique_ptr<Message>> read_message(const RpcMethod& method, std::string_view bytes,
                                              const MessageLimits& limits, Call& call);

}  // namespace allauth::wire
