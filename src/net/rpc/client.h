// Calls gRPC methods of another server, messages as bytes. One client is one channel: it connects when it
// is first needed, keeps the connection, and comes back with growing pauses after a failure. A call waits
// for the attempt to connect that is under way, and fails with `unavailable` when that fails, or at once
// during a pause. A call that no server has seen may be sent again by the library; no other is.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/error.h"
#include "codec/rpc.h"

namespace allauth::net {

struct RpcClientTls {
  std::string ca_file;           // PEM; empty: the system's trust store
  std::string certificate_file;  // own certificate and key, if the peer asks for one; may be empty
  std::string key_file;          // not accessible to "others"
};

struct RpcClientOptions {
  std::string host;  // a name or an IP address; with TLS the peer's certificate must be for it
  std::uint16_t port = 0;
  std::optional<RpcClientTls> tls;              // none: clear text
  std::size_t calls = 1'024;                    // under way at once; else `resource_exhausted` at once
  std::size_t message_bytes = 4 * 1024 * 1024;  // one message, either way
  std::size_t metadata_bytes = 16 * 1024;       // that the peer may send
  Millis connect_timeout = Millis(10'000);      // for one attempt
  Millis first_pause = Millis(500);             // after a failed attempt; doubles
  Millis longest_pause = Millis(10'000);
  Millis keepalive = Millis(30'000);  // a silent connection with calls is asked for a sign of life then
  Millis keepalive_timeout = Millis(10'000);
};

// What a call says before its first message. Every call has a timeout.
struct RpcCallOptions {
  std::string method;  // "/package.Service/Method"
  rpc::Metadata metadata{};
  Millis timeout = Millis(10'000);
};

// How a call ended.
struct RpcEnd {
  rpc::Status status;
  rpc::Metadata initial{};   // what the peer sent before its first message
  rpc::Metadata trailing{};  // and with its end, without the details of the status
};

struct RpcReply {
  RpcEnd end;
  std::string message;  // empty unless the status is OK
};

// One call of any kind, seen from the side that makes it. Thread-safe, but at most one read and one write
// may be pending at a time. Callbacks come once each, on a thread of the library or, if the call is over
// already, inside the call that takes them; they must not block. Destroying it cancels the call if it is
// not over.
class RpcCall {
 public:
  virtual ~RpcCall() = default;
  // The next message of the peer; nothing when there is no further one.
  using Read = std::move_only_function<void(std::optional<std::string> message)>;
  virtual void read(Read then) = 0;
  // `then(true)` when there is room for the next message; false when the call is over.
  using Written = std::move_only_function<void(bool taken)>;
  virtual void write(std::string message, Written then) = 0;
  // No more messages from this side, behind a pending write.
  virtual void finish_writing() = 0;
  virtual void cancel() = 0;
};

// Thread-safe.
class RpcClient {
 public:
  // Errors: rpc.target.invalid, and with TLS those of net/tls.h.
  static Result<std::unique_ptr<RpcClient>> make(RpcClientOptions options);
  // Cancels what is under way; callbacks may still come until this returns. Not from a callback.
  ~RpcClient();

  // One message each way. What is returned cancels the call; it may be dropped without that.
  using Cancel = std::function<void()>;
  using Replied = std::move_only_function<void(RpcReply)>;
  Cancel call(RpcCallOptions options, std::string message, Replied then);
  // The same, waiting for the reply; not from a thread that must not block.
  RpcReply call(RpcCallOptions options, std::string message);

  // A call of any kind. `ended` comes once, after every other callback of it, also when it is destroyed.
  using Ended = std::move_only_function<void(RpcEnd)>;
  std::unique_ptr<RpcCall> open(RpcCallOptions options, Ended ended);

  std::size_t in_flight() const;

  struct State;

 private:
  explicit RpcClient(std::shared_ptr<State> state);
  std::shared_ptr<State> state_;
};

}  // namespace allauth::net
