// What the parts of an RpcServer share. Only for the .cc files of this folder.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>

#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include "net/admission.h"
#include "net/io.h"
#include "net/rpc/call_list.h"
#include "net/rpc/connections.h"
#include "net/rpc/server.h"
#include "net/worker_pool.h"

namespace allauth::net {

struct RpcMetrics {
  enum class Refusal { limit, metadata, gone };

  RpcMetrics(const std::string& listener, Metrics& metrics);
  std::array<Counter*, 17> calls{};  // by status code
  Gauge& in_flight;
  std::array<Counter*, 3> refused{};
  Counter& cut_resets;
  Counter& cut_unheard;
};

struct RpcServer::State : std::enable_shared_from_this<State>, grpc::CallbackGenericService {
  State(IoPool& p, ListenerOptions o, RpcLimits l, rpc::Face f, Streams s)
      : pool(p),
        options(std::move(o)),
        limits(l),
        face(std::move(f)),
        streams(std::move(s)),
        metrics(options.name, p.metrics()),
        admission(std::make_shared<Admission>(options, p.metrics())),
        handover({.threads = 1, .max_queue = 1024, .name = "rpc-accept"}, p.clock(), p.log(), p.metrics()) {}

  grpc::ServerGenericBidiReactor* CreateReactor(grpc::GenericCallbackServerContext* context) override;
  Result<void> start();
  void take(Accepted accepted);                 // gives a connection to the library
  bool enter(const RpcConnection& connection);  // counts a call; false if there are too many
  void uncount(const RpcConnection& connection);
  void cut(const RpcConnection& connection);                          // for calls that were taken back
  void leave(const RpcConnection& connection, rpc::StatusCode code);  // a call is over
  void sweep(const std::stop_token& stopped);  // looks at calls and connections until then
  std::size_t drain(Millis grace);

  IoPool& pool;
  const ListenerOptions options;
  const RpcLimits limits;
  const rpc::Face face;
  const Streams streams;
  RpcMetrics metrics;
  const std::shared_ptr<Admission> admission;
  RpcConnections connections;
  RpcCallList calls;
  std::atomic<std::size_t> in_flight{0};
  std::atomic<Tick> cut_from{Tick::max()};  // when the grace of a drain is over
  std::atomic<std::size_t> cancelled{0};    // calls, since

  std::unique_ptr<Acceptor> acceptor;
  std::unique_ptr<grpc::experimental::ExternalConnectionAcceptor> sockets;
  // Gives connections to `sockets`. The library begins to read a connection on the thread that brings it, and
  // goes on for as long as something comes: that must be no thread which others wait for, or which sweeps.
  WorkerPool handover;
  // Asks the system about each connection, and cancelling a call may run what others have left to do.
  std::jthread sweeper;
  std::mutex draining;
  std::unique_ptr<grpc::Server> server;
};

}  // namespace allauth::net
