// The MQTT gateway: listeners in front of one broker. Each client gets a broker connection of its own
// once it is authenticated and its will is authorised, and a Session that decides what passes.
//
// What the Authenticator and the Guards need must live until the IoPool has stopped: connections live
// on its loops. Backpressure: while too much waits to be written to one leg, neither is read, as both may
// lead to more for it.
// A change of policy reaches every connection within a second.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "mqtt/actions.h"
#include "mqtt/guard.h"
#include "mqtt/probe.h"
#include "net/listener_options.h"

namespace allauth::net {
class ClientTls;
class IoPool;
class Listener;
}  // namespace allauth::net

namespace allauth::mqtt {

struct GatewayOptions {
  std::string name = "main";                    // metric label; one gateway per name
  std::vector<net::ListenerOptions> listeners;  // clear text or TLS, as each says
  std::string broker_host = "127.0.0.1";
  std::uint16_t broker_port = 1883;
  std::shared_ptr<net::ClientTls> broker_tls;  // none: clear text
  Millis dial_timeout = Millis(5'000);
  SessionSettings session;
  std::size_t max_unwritten = 256 * 1024;  // bytes per leg, exceeded by what one read leads to at most
  // A leg that takes less than 64 KiB, or less than all that waits, in so long is given up. One that takes
  // just enough lives on, yet what waits for it does not grow: see max_unwritten.
  Millis write_timeout = Millis(30'000);
  Millis linger = Millis(1'000);  // for the last bytes to arrive before a leg is closed
  OnDenied on_denied;             // the decision log; called on I/O threads
};

class Gateway {
 public:
  // Binds the listeners; errors are those of net::Listener. The pool may be started before or after.
  static Result<std::unique_ptr<Gateway>> start(net::IoPool& pool, GatewayOptions options,
                                                Authenticator authenticate);
  ~Gateway();  // drain()

  std::uint16_t port(std::size_t listener = 0) const;
  // Client connections now.
  std::size_t connections() const;
  // Ends the connection that the broker knows by that client id, if there is one. Thread-safe.
  void kick(std::string broker_client_id);
  // Stops accepting and tells every client to go. Thread-safe and idempotent; connections are gone
  // when connections() is 0.
  void drain();

  struct Core;  // what connections share; see pump.h

 private:
  explicit Gateway(std::shared_ptr<Core> core);
  std::shared_ptr<Core> core_;
  std::vector<std::unique_ptr<net::Listener>> listeners_;
};

}  // namespace allauth::mqtt
