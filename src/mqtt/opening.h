// What a CONNECT said, kept until the broker has accepted it. The client's password is not part of it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "codec/mqtt/packet.h"
#include "mqtt/session.h"

namespace allauth::mqtt {

struct Session::Opening {
  struct OwnedWill {
    QoS qos = QoS::at_most_once;
    bool retain = false;
    std::string properties;
    std::string topic;
    std::string payload;
  };

  explicit Opening(const Connect& connect);
  std::uint32_t number(PropertyId id, std::uint32_t absent) const;

  bool bridge = false;
  bool clean = true;
  std::uint16_t keep_alive = 0;
  std::string properties;
  std::string client_id;
  std::string assigned_client_id;  // told to a 5.0 client that has none
  std::optional<OwnedWill> will;
};

}  // namespace allauth::mqtt
