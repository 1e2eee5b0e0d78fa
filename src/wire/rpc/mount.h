// A set of gRPC methods that a listener may serve, beside others.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include <google/protobuf/descriptor.h>

#include "codec/rpc.h"

namespace allauth::wire {

struct RpcMount {
  std::vector<std::string> methods;  // that it answers: "/allauth.v1.UserService/GetUser"
  std::vector<std::string> streams;  // of these, the ones that may go on for as long as their callers like
  // What reflection tells of it; borrowed.
  std::vector<const google::protobuf::ServiceDescriptor*> services;
  rpc::Face face;
  // Where several mounts answer one method, such as two generations of one protocol, the first of them
  // gets a call whose `accepts` says yes to the bytes of its first message. Empty: any message will do.
  // Thread-safe; must not block.
  std::function<bool(std::string_view method, std::string_view first_message)> accepts{};
  // Ends the streams that are open, with `unavailable`. Thread-safe; empty if there are none.
  std::function<void()> drain{};
};

// A mount of all methods of these services, none of which streams.
RpcMount mount_of(std::vector<const google::protobuf::ServiceDescriptor*> services, rpc::Face face);

}  // namespace allauth::wire
