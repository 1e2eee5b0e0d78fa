// One gRPC listener of the program: its faces, their health, and what reflection tells of them.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "net/rpc/server.h"
#include "server/run/ground.h"
#include "server/run/node.h"
#include "server/run/places.h"
#include "wire/rpc/health.h"
#include "wire/rpc/router.h"

namespace allauth::server {

class RpcListener {
 public:
  // `name` is for metrics. `serving`: whether calls can be answered now; thread-safe. `io`, `ground` and
  // `node` must outlive it. Errors: those of the faces, of load_tls and of net::RpcServer.
  static Result<std::unique_ptr<RpcListener>> start(net::IoPool& io, const GrpcConfig& config,
                                                    std::string name, Ground& ground, Node& node,
                                                    std::function<bool()> serving);

  const Place& place() const { return place_; }

  // Tells those who watch its health if that has changed. To be called now and then.
  void look() { health_.look(); }
  // The server stops: health says so, and streams end. Calls are still answered.
  void leave() { routes_.drain(); }
  // As that of net::RpcServer.
  std::size_t drain(Millis grace) { return server_->drain(grace); }

 private:
  RpcListener(wire::RpcHealth health, wire::RpcRoutes routes)
      : health_(std::move(health)), routes_(std::move(routes)) {}

  wire::RpcHealth health_;
  wire::RpcRoutes routes_;
  Place place_;
  std::unique_ptr<net::RpcServer> server_;
};

}  // namespace allauth::server
