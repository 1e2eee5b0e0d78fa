// The MQTT gateways of the configuration: starts them, and lets their clients go at the end.
#pragma once

#include <memory>
#include <vector>

#include "mqtt/gateway.h"
#include "server/config/config.h"
#include "server/run/denial_log.h"
#include "server/run/places.h"

namespace allauth::server {

// Both are borrowed; the denial log must outlive the loops.
class Gateways {
 public:
  Gateways(net::IoPool& io, DenialLog& denials) : io_(io), denials_(denials) {}

  // One more, numbered `index` in the configuration; where it listens.
  // Errors: config.address, config.file, those of TLS files and of listening.
  Result<Place> start(const GatewayConfig& config, std::size_t index, mqtt::Authenticator authenticator);

  // Tells all clients to go and waits until they have, at most so long.
  void drain(Millis longest);

 private:
  net::IoPool& io_;
  DenialLog& denials_;
  std::vector<std::unique_ptr<mqtt::Gateway>> running_;
};

}  // namespace allauth::server
