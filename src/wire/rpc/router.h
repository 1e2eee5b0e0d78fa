// What one gRPC listener serves: the mounts together, as one face.
#pragma once

#include <functional>
#include <string_view>
#include <vector>

#include "codec/rpc.h"
#include "wire/face_deps.h"
#include "wire/rpc/mount.h"

namespace allauth::wire {

struct RpcRoutes {
  rpc::Face face;
  // Whether a method may go on for as long as its caller likes. Thread-safe.
  std::function<bool(std::string_view method)> streams;
  // Ends the streams that are open. Thread-safe.
  std::function<void()> drain;
};

// A call of a method that nobody answers ends with UNIMPLEMENTED, one of a method whose every mount
// refuses the message with INVALID_ARGUMENT. Earlier mounts are asked first.
RpcRoutes make_rpc_routes(std::vector<RpcMount> mounts, FaceDeps deps);

}  // namespace allauth::wire
