// HTTP/1.1 and 1.0 (RFC 9110, 9112) over a Listener: turns bytes into http::Request values for a
// face and its http::Response values into bytes.
//
// The parser is our own (net/http_head.h, net/http_chunked.h), not Beast's: it is pure code, strict
// where leniency lets requests be smuggled, and it copies each byte once. Requests of a connection
// are answered one at a time, in order. The answer may come from any thread; a responder destroyed
// unanswered answers 500. What is refused here is answered as application/problem+json (RFC 9457) with
// the members type, title, status, reason and detail, and the connection closed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "base/clock.h"
#include "base/error.h"
#include "codec/http.h"
#include "net/http_limits.h"
#include "net/listener_options.h"

namespace allauth::net {

class IoPool;

// Metrics beside those of Listener (label listener="<name>"): allauth_net_requests_total (also
// class="1xx…5xx"), allauth_net_request_seconds (from a request's last byte to its answer),
// allauth_net_requests_in_flight, allauth_net_protocol_errors_total.
class HttpServer {
 public:
  // Serves from now on; `face` is called on the I/O threads. Errors: those of Listener::start.
  static Result<std::unique_ptr<HttpServer>> start(IoPool& pool, ListenerOptions options, HttpLimits limits,
                                                   http::Face face);
  // drain(0). The face is not called any more once this returns.
  ~HttpServer();

  std::uint16_t port() const;
  std::size_t connections() const;
  std::size_t in_flight() const;  // requests given to the face and not yet answered

  // Stops accepting, closes idle connections, lets requests under way finish with
  // "Connection: close", and after `grace` cuts what is left. Blocks until all connections are gone;
  // how many had to be cut. Not from an I/O thread; idempotent.
  std::size_t drain(Millis grace);

  struct State;

 private:
  explicit HttpServer(std::shared_ptr<State> state);
  std::shared_ptr<State> state_;
};

}  // namespace allauth::net
