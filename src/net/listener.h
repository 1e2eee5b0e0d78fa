// Accepts connections and gives each, ready to use, to a handler on one of the loops.
//
// One acceptor hands out to the loops in turn: with few long-lived connections that balances better
// than SO_REUSEPORT, and a second process on the same port fails instead of taking half of them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>

#include <boost/asio/awaitable.hpp>

#include "base/error.h"
#include "net/listener_options.h"
#include "net/stream.h"

namespace allauth::net {

class IoPool;

// Metrics (label listener="<name>"): allauth_net_connections, allauth_net_accepted_total,
// allauth_net_refused_total (also cause="limit|address_limit|tls|closing").
class Listener {
 public:
  // Run as a coroutine of its own on the stream's loop, after the TLS handshake. Must own its state:
  // it may outlive the Listener. The connection counts as open until the Stream is destroyed.
  using Handler = std::function<boost::asio::awaitable<void>(Stream)>;

  // Errors: listener.plaintext, listener.address.invalid, listener.bind.
  static Result<std::unique_ptr<Listener>> start(IoPool& pool, ListenerOptions options, Handler handler);
  ~Listener();  // close()

  std::uint16_t port() const;
  std::size_t open() const;
  // Stops accepting and ends handshakes that are under way; connections live on. Thread-safe and
  // idempotent; done when the loops have run what this posts.
  void close();

  struct Impl;

 private:
  explicit Listener(std::shared_ptr<Impl> impl);
  std::shared_ptr<Impl> impl_;
};

}  // namespace allauth::net
