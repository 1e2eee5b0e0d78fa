// Where a listener binds and whom it lets in.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "base/clock.h"

namespace allauth::net {

class ServerTls;

struct ListenerOptions {
  std::string name = "main";            // metric label and log field
  std::string address = "127.0.0.1";    // an IP address, or "localhost"; "::" takes IPv4 too
  std::uint16_t port = 0;               // 0: any free one
  std::shared_ptr<ServerTls> tls;       // none: clear text
  bool allow_plaintext = false;         // clear text on an address that is not loopback
  std::size_t max_connections = 16384;  // open at once; 0: no limit
  std::size_t max_per_address = 4096;   // of those, per IPv4 address or IPv6 /64; 0: no limit
  Millis handshake_timeout = Millis(10'000);
  Millis tls_check = Millis(10'000);  // how often changed certificate files are looked for
  int backlog = 1024;
};

}  // namespace allauth::net
