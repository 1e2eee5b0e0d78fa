// gRPC calls as values and one small interface: what a face of gRPC methods takes and gives, whatever
// transport carries them. Messages are bytes here; who knows their types is the face's own matter.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "codec/http.h"

namespace allauth::rpc {

// One metadata entry. Names are lower case; the value of a name ending in "-bin" is raw bytes, all others
// are printable ASCII (PROTOCOL-HTTP2, "Custom-Metadata").
using Field = http::Header;
using Metadata = http::Headers;

// The numbers of google.rpc.Code.
enum class StatusCode {
  ok = 0,
  cancelled = 1,
  unknown = 2,
  invalid_argument = 3,
  deadline_exceeded = 4,
  not_found = 5,
  already_exists = 6,
  permission_denied = 7,
  resource_exhausted = 8,
  failed_precondition = 9,
  aborted = 10,
  out_of_range = 11,
  unimplemented = 12,
  internal = 13,
  unavailable = 14,
  data_loss = 15,
  unauthenticated = 16,
};

struct Status {
  StatusCode code = StatusCode::ok;
  std::string message{};  // for people; UTF-8
  std::string details{};  // a google.rpc.Status as bytes, sent as grpc-status-details-bin; may be empty
};

// What comes before the first message.
struct Head {
  std::string method;     // "/allauth.v1.UserService/GetUser"
  std::string authority;  // the host that the caller means
  Metadata metadata;
  http::Peer peer;
  Tick deadline{};  // when the caller is no longer waited for; Tick::max(): never
};

// One call, seen from the side that answers it. All four kinds are this: a unary call is one read, one
// write and a finish. Thread-safe, but at most one read and one write may be pending at a time. Callbacks
// come once each, on a thread of the transport, must not block, and may call back into this object.
// Destroyed unfinished, the call ends with `internal`.
class ServerCall {
 public:
  virtual ~ServerCall() = default;
  virtual const Head& head() const = 0;

  // The next message of the caller; nothing when there is no further one, or the call is over.
  using Read = std::move_only_function<void(std::optional<std::string> message)>;
  virtual void read(Read then) = 0;

  // Sent before the first message or with the finish. Only before the first write.
  virtual void add_initial_metadata(Field field) = 0;

  // `then(true)` when the transport has taken the message and has room for the next one; false when the
  // call is over.
  using Written = std::move_only_function<void(bool taken)>;
  virtual void write(std::string message, Written then) = 0;

  // The answer of a call with one: the message and an OK, in one step.
  virtual void answer(std::string message, Metadata trailing = {}) = 0;
  // Ends the call. What is called after it does nothing.
  virtual void finish(Status status, Metadata trailing = {}) = 0;

  // Called once if the caller goes away, or its deadline passes, before the call was finished.
  virtual void on_cancel(std::move_only_function<void()> then) = 0;
};

// Answers calls. Called on threads of the transport, several at once; must not block.
using Face = std::function<void(std::shared_ptr<ServerCall>)>;

}  // namespace allauth::rpc
