// A gRPC face over toy handlers for tests: calls by message, answers, log lines and metrics.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "wire/rest/testing/rig.h"
#include "wire/rpc/face.h"
#include "wire/rpc/router.h"
#include "wire/rpc/status.h"
#include "wire/rpc/testing/fake_call.h"

namespace allauth::wire {

// Handlers are bound first, then ready() gives all other methods one that answers "unsupported".
class RpcRig : public Rig {
 public:
  MessageLimits limits;
  RpcRoutes routes;

  // A call that is open is owned by what waits for it; a transport ends every one.
  ~RpcRig() {
    for (const auto& call : calls_) call->cancel();
  }

  FaceDeps deps() { return {clock, ids, log(), metrics, at_least, &entropy, limiter, request_log}; }

  void ready(const Services& services = native_services()) {
    complete(services);
    auto made = RpcFace::make(services, methods, deps(), limits);
    ASSERT_TRUE(made) << made.error().message;
    mount({std::move(*made).mount()});
  }
  void mount(std::vector<RpcMount> mounts) { routes = make_rpc_routes(std::move(mounts), deps()); }

  static rpc::Metadata with_token(rpc::Metadata metadata = {}) {
    metadata.push_back({"authorization", "Bearer t0ken"});
    return metadata;
  }

  // Begins a call without a message.
  std::shared_ptr<FakeCall> open(std::string method, rpc::Metadata metadata = with_token(),
                                 http::Peer peer = {}) {
    auto call = std::make_shared<FakeCall>(rpc::Head{.method = std::move(method),
                                                     .authority = "localhost",
                                                     .metadata = std::move(metadata),
                                                     .peer = std::move(peer),
                                                     .deadline = Tick::max()});
    calls_.push_back(call);
    routes.face(call);
    return call;
  }
  std::shared_ptr<FakeCall> send_bytes(std::string method, std::string bytes,
                                       rpc::Metadata metadata = with_token()) {
    auto call = open(std::move(method), std::move(metadata));
    call->send(std::move(bytes));
    call->half_close();
    return call;
  }
  std::shared_ptr<FakeCall> send(std::string method, const Message& message,
                                 rpc::Metadata metadata = with_token()) {
    return send_bytes(std::move(method), message.SerializeAsString(), std::move(metadata));
  }

 private:
  std::vector<std::shared_ptr<FakeCall>> calls_;
};

inline std::string reason_of(const FakeCall& call) {
  return call.status ? read_failure(*call.status).reason : "(no end)";
}

}  // namespace allauth::wire
