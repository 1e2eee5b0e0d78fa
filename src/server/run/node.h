// What a server is at heart: something that decides, from the state it follows. The rest of the program
// (listeners, gateways, health) asks a Node and does not know which kind it is.
#pragma once

#include <optional>
#include <string>

#include "app/core.h"
#include "base/secret.h"
#include "codec/http.h"
#include "wire/rpc/mount.h"

namespace allauth::server {

class Node {
 public:
  virtual ~Node() = default;

  // What decisions are made with. Null until the node knows enough to make any; once there, it stays
  // as long as the node. Thread-safe.
  virtual const app::Core* core() const = 0;
  // What its listeners serve: one for each.
  virtual Result<http::Face> face() = 0;
  // The same over gRPC: one for each of its gRPC listeners.
  virtual Result<wire::RpcMount> rpc() = 0;
  // Why it cannot answer, or nothing. Thread-safe.
  virtual std::string not_ready() const = 0;

  // The one-time setup token, if this was the first start. Gives it away.
  virtual std::optional<Secret> take_setup_token() = 0;
  // True if it is known that nobody administers the platform yet.
  virtual bool lacks_admin() = 0;

  // Ends all work of its own threads; what is asked afterwards is refused. Idempotent.
  virtual void stop() = 0;
};

}  // namespace allauth::server
