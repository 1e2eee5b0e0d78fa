// The gRPC faces by name, as listeners mount them. To add one is a line in rpc_faces.cc.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "server/config/config.h"
#include "server/run/ground.h"
#include "server/run/node.h"
#include "wire/rpc/mount.h"

namespace allauth::server {

struct NamedRpcFace {
  std::string name;  // "native"
  // Makes one for each listener. What it is given outlives it.
  std::function<Result<wire::RpcMount>(Ground&, Node&)> make;
};

// All there are. (face_list.cc; a test build of the program has its own.)
std::span<const NamedRpcFace> rpc_faces();
// Those of this program.
std::span<const NamedRpcFace> released_rpc_faces();

// Whether every face that a [[grpc]] listener names exists. Error: config.value, which names those that do.
Result<void> check_rpc_faces(const Config& config);

// The mounts that a listener names, in that order. Errors: those of the faces.
Result<std::vector<wire::RpcMount>> make_rpc_mounts(const GrpcConfig& listener, Ground& ground, Node& node);

}  // namespace allauth::server
