#include "server/run/rpc_faces.h"

#include <algorithm>

#include <fmt/format.h>

#include "server/config/roles.h"

namespace allauth::server {
namespace {

const NamedRpcFace* find_face(std::string_view name) {
  const auto faces = rpc_faces();
  const auto found = std::ranges::find(faces, name, &NamedRpcFace::name);
  return found == faces.end() ? nullptr : &*found;
}

std::string known_faces() {
  std::string names;
  for (const auto& face : rpc_faces()) names += fmt::format("{}{}", names.empty() ? "" : ", ", face.name);
  return names;
}

}  // namespace

std::span<const NamedRpcFace> released_rpc_faces() {
  static const std::vector<NamedRpcFace> all = {
      {.name = "native", .make = [](Ground&, Node& node) { return node.rpc(); }},
  };
  return all;
}

Result<void> check_rpc_faces(const Config& config) {
  for (std::size_t i = 0; i < config.grpc.size(); ++i) {
    const auto names = split_list(config.grpc[i].faces);
    const auto unknown = std::ranges::find_if(names, [](const auto& name) { return !find_face(name); });
    if (!names.empty() && unknown == names.end()) continue;
    return fail(Code::invalid, "config.value",
                fmt::format("grpc.{}.faces: there is no face \"{}\"; there is {}", i,
                            names.empty() ? "" : *unknown, known_faces()));
  }
  return {};
}

Result<std::vector<wire::RpcMount>> make_rpc_mounts(const GrpcConfig& listener, Ground& ground, Node& node) {
  std::vector<wire::RpcMount> mounts;
  for (const auto& name : split_list(listener.faces)) {
    TRY(auto mount, find_face(name)->make(ground, node));
    mounts.push_back(std::move(mount));
  }
  return mounts;
}

}  // namespace allauth::server
