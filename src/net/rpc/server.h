// gRPC over HTTP/2 (PROTOCOL-HTTP2 of the gRPC project) in front of an rpc::Face. One generic service takes
// every method; which ones there are, and what their bytes mean, is the face's matter.
//
// Connections are accepted as those of HTTP are (net/acceptor.h): same address rules, same caps, same TLS
// files and their reload. HTTP/2 and TLS themselves are the gRPC library's, on threads of its own.
// Compressed messages are refused: nothing small can become large here.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>

#include "base/clock.h"
#include "base/error.h"
#include "codec/rpc.h"
#include "net/listener_options.h"
#include "net/rpc/limits.h"

namespace allauth::net {

class IoPool;

// Metrics beside those of Listener (label listener="<name>"): allauth_rpc_calls_total (also code="ok|…"),
// allauth_rpc_calls_in_flight, allauth_rpc_refused_total (also cause="limit|metadata|gone"),
// allauth_rpc_connections_cut_total (also cause="resets|unheard").
class RpcServer {
 public:
  // Whether the method (as Head::method) may run for as long as its caller likes. Thread-safe.
  using Streams = std::function<bool(std::string_view method)>;

  // Serves from now on; `face` is called on the library's threads. A call of a method that does not stream
  // gets a deadline if it has none. Errors: those of Listener::start, rpc.start.
  static Result<std::unique_ptr<RpcServer>> start(IoPool& pool, ListenerOptions options, RpcLimits limits,
                                                  rpc::Face face, Streams streams = {});
  // drain(0). The face is not called any more once this returns; calls that it still holds are over.
  ~RpcServer();

  std::uint16_t port() const;
  std::size_t connections() const;
  std::size_t in_flight() const;  // calls given to the face and not yet over

  // Stops accepting, tells peers to go elsewhere (GOAWAY), lets calls under way finish, and after `grace`
  // cancels what is left. Blocks until all calls are over; how many had to be cancelled. Not from a thread
  // of the pool or of a call; thread-safe; a second call finds nothing to do.
  std::size_t drain(Millis grace);

  struct State;

 private:
  explicit RpcServer(std::shared_ptr<State> state);
  std::shared_ptr<State> state_;
};

}  // namespace allauth::net
