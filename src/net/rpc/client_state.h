// What the calls of one RpcClient share. Only for the .cc files of this folder.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <unordered_set>

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>
#include <grpcpp/generic/generic_stub.h>

#include "net/rpc/client.h"

namespace allauth::net {

struct RpcClient::State {
  State(RpcClientOptions o, std::shared_ptr<grpc::Channel> channel)
      : options(std::move(o)), stub(std::make_unique<grpc::GenericStub>(std::move(channel))) {}

  // Counts a call as under way; false if there are too many, or the client is going away.
  bool enter(grpc::ClientContext& context);
  // The call is over, and its context goes: it refers to the channel.
  void leave(std::unique_ptr<grpc::ClientContext> context);
  // Cancels all calls, waits until they are over and lets the channel go, here: with the last channel the
  // library joins the threads that call back, so that must not happen on one of them.
  void close();

  const RpcClientOptions options;
  std::unique_ptr<grpc::GenericStub> stub;
  mutable std::mutex mutex;
  std::condition_variable left;
  bool closing = false;
  std::size_t under_way = 0;
  std::unordered_set<grpc::ClientContext*> calls;  // of them, those that can be cancelled
};

// Puts timeout and metadata into the context of a call.
void prepare(grpc::ClientContext& context, const RpcCallOptions& options);
// How a call ended.
RpcEnd end_of(const grpc::ClientContext& context, const grpc::Status& status);
// How a call ends that is not made.
RpcEnd not_made();

// A call of any kind; the call lives until the library is done with it.
std::unique_ptr<RpcCall> open_call(std::shared_ptr<RpcClient::State> state, RpcCallOptions options,
                                   RpcClient::Ended ended);

}  // namespace allauth::net
