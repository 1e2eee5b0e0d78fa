#include "server/run/rpc_listener.h"

#include <set>
#include <utility>

#include <fmt/format.h>

#include "server/run/face_deps.h"
#include "server/run/listening.h"
#include "server/run/rpc_faces.h"
#include "wire/rpc/reflection.h"
#include "wire/rpc/trust.h"

namespace allauth::server {
namespace {

net::RpcLimits rpc_limits(const GrpcConfig& config) {
  return {.message_bytes = static_cast<std::size_t>(config.max_message),
          .streams = static_cast<std::size_t>(config.max_streams),
          .call_time = config.max_call_time};
}

// "/allauth.v1.UserService/GetUser" is of "allauth.v1.UserService".
std::vector<std::string> services_of(const std::vector<wire::RpcMount>& mounts) {
  std::set<std::string> names;
  for (const auto& mount : mounts)
    for (const auto& method : mount.methods) names.insert(method.substr(1, method.rfind('/') - 1));
  return {names.begin(), names.end()};
}

}  // namespace

Result<std::unique_ptr<RpcListener>> RpcListener::start(net::IoPool& io, const GrpcConfig& config,
                                                        std::string name, Ground& ground, Node& node,
                                                        std::function<bool()> serving) {
  TRY(auto trust, make_trust(config, name, ground.log));
  TRY(auto options, listener_options(config, name, {"h2"}));
  TRY(auto mounts, make_rpc_mounts(config, ground, node));
  const wire::FaceDeps deps = face_deps(ground);
  wire::RpcHealth health(services_of(mounts), std::move(serving), deps);
  mounts.push_back(health.mount());
  auto described = mounts.front().services;
  for (std::size_t i = 1; i < mounts.size(); ++i)
    described.insert(described.end(), mounts[i].services.begin(), mounts[i].services.end());
  mounts.push_back(wire::reflection_mount(std::move(described), deps));
  std::unique_ptr<RpcListener> listener(
      new RpcListener(std::move(health), wire::make_rpc_routes(std::move(mounts), deps)));
  const std::string host = options.address;
  auto face = wire::with_trust(std::move(trust), name, ground.metrics, listener->routes_.face);
  TRY(listener->server_, net::RpcServer::start(io, std::move(options), rpc_limits(config), std::move(face),
                                               listener->routes_.streams));
  listener->place_ = {"gRPC", fmt::format("{}://{}", config.tls.certificate.empty() ? "http" : "https",
                                          to_string(Address{host, listener->server_->port()}))};
  return listener;
}

}  // namespace allauth::server
