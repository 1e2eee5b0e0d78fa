// For the tests of this folder: a server with a few methods, and a client that waits.
#pragma once

#include <future>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "net/rpc/client.h"
#include "net/rpc/server.h"
#include "net/test_support.h"

namespace allauth::net {

using CallPtr = std::shared_ptr<rpc::ServerCall>;
using Method = std::function<void(CallPtr)>;

inline void echo(CallPtr call) {
  call->read([call](std::optional<std::string> message) { call->answer(message.value_or("nothing came")); });
}

// Sends back each message as it comes.
inline void echo_all(CallPtr call) {
  call->read([call](std::optional<std::string> message) {
    if (!message) return call->finish({});
    call->write(std::move(*message), [call](bool taken) {
      if (taken) echo_all(call);
    });
  });
}

// A face by method names.
class Methods {
 public:
  explicit Methods(std::map<std::string, Method> methods) : methods_(std::move(methods)) {}
  void operator()(CallPtr call) const {
    const auto found = methods_.find(call->head().method);
    if (found == methods_.end()) return call->finish({.code = rpc::StatusCode::unimplemented});
    found->second(std::move(call));
  }

 private:
  std::map<std::string, Method> methods_;
};

struct TestServer {
  explicit TestServer(std::map<std::string, Method> methods, RpcLimits limits = {},
                      ListenerOptions options = {}, RpcServer::Streams streams = {}) {
    limits.sweep = Millis(20);
    server = must(RpcServer::start(io.pool, std::move(options), limits, Methods(std::move(methods)),
                                   std::move(streams)));
  }
  RpcClientOptions target() const {
    RpcClientOptions options;
    options.host = "127.0.0.1";
    options.port = server->port();
    return options;
  }
  std::unique_ptr<RpcClient> client() const { return must(RpcClient::make(target())); }

  TestPool io;
  std::unique_ptr<RpcServer> server;
};

// A call whose steps wait for their ends.
class CallSteps {
 public:
  CallSteps(RpcClient& client, RpcCallOptions options) {
    auto ended = std::make_shared<std::promise<RpcEnd>>();
    end_ = ended->get_future();
    call_ = client.open(std::move(options), [ended](RpcEnd end) { ended->set_value(std::move(end)); });
  }
  std::optional<std::string> read() {
    auto promise = std::make_shared<std::promise<std::optional<std::string>>>();
    call_->read([promise](std::optional<std::string> message) { promise->set_value(std::move(message)); });
    return wait_for(promise->get_future());
  }
  bool write(std::string message) {
    auto promise = std::make_shared<std::promise<bool>>();
    call_->write(std::move(message), [promise](bool taken) { promise->set_value(taken); });
    return wait_for(promise->get_future());
  }
  void finish_writing() { call_->finish_writing(); }
  void cancel() { call_->cancel(); }
  void drop() { call_.reset(); }
  RpcEnd end() { return wait_for(std::move(end_)); }

 private:
  std::unique_ptr<RpcCall> call_;
  std::future<RpcEnd> end_;
};

}  // namespace allauth::net
