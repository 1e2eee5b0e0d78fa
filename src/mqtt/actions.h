// What goes into a session besides bytes, and what comes out: settings, who the peer is, and the
// Actions that the pump executes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/secret.h"
#include "mqtt/guard.h"

namespace allauth::mqtt {

struct SessionLimits {
  std::size_t max_connect_size = 256 * 1024;  // bytes of a CONNECT, its fixed header included
  std::size_t max_packet_size = 1024 * 1024;  // of any other packet, either way; announced in 5.0
  std::size_t max_held_bytes = 64 * 1024;     // sent by a client that does not wait for its CONNACK
  std::uint16_t receive_maximum = 1024;       // QoS 1 messages in flight, each way (5.0 only)
  // Bytes of a topic or filter, as the client names it and as the broker does; longer ones are refused,
  // and those beyond 65 535 in any case. Bounds, with the numbers of them, what is remembered of
  // subscriptions and verdicts.
  std::size_t max_topic_bytes = 1024;
  std::size_t max_subscriptions = 1024;           // filters; more are refused one by one
  std::size_t max_pending_requests = 256;         // SUBSCRIBE and UNSUBSCRIBE not yet answered
  std::size_t max_user_properties = 64;           // of a packet (5.0): decisions may depend on each
  std::uint32_t max_session_expiry = 0xFFFFFFFF;  // seconds; 5.0 clients asking for more get this
  // Seconds; what a 5.0 client asks for beyond is cut. Once the connection to the broker is gone nothing
  // can take a will back, so this is for how long one may outlive the right to publish it.
  std::uint32_t max_will_delay = 60;
  Millis connect_deadline = Millis(10'000);  // from the connection to its whole CONNECT
  Millis accept_deadline = Millis(20'000);   // from CONNECT to CONNACK
};

// How the gateway logs in to the broker, for every client. At most 65 535 bytes each.
struct BrokerLogin {
  std::string username;  // empty: without user name and password
  Secret password;
};

// Shared by all sessions; must outlive them.
struct SessionSettings {
  SessionLimits limits;
  BrokerLogin login;
};

struct ClientPeer {
  std::string address;
  bool tls = false;
  std::string certificate_der;
};

// The session appends; the pump takes out what it has done. The order between the two legs is free.
struct Actions {
  std::string to_client;
  std::string to_broker;
  std::optional<ConnectRequest> authenticate;  // answer with Session::connect_outcome
  bool dial = false;                           // answer with broker_connected or broker_failed
  bool close_client = false;                   // once to_client is written
  bool close_broker = false;                   // once to_broker is written; a dial is given up
};

}  // namespace allauth::mqtt
