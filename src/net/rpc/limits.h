// What the callers of one gRPC listener may use. Every limit is on by default. How many connections there
// may be, and how long a handshake may take, is in net/listener_options.h.
#pragma once

#include <cstddef>

#include "base/clock.h"

namespace allauth::net {

struct RpcLimits {
  std::size_t message_bytes = 4 * 1024 * 1024;  // one message, either way; else RESOURCE_EXHAUSTED
  std::size_t metadata_bytes = 16 * 1024;       // of a call, as HPACK counts; else RESOURCE_EXHAUSTED
  // Under way at once on one connection. The library sees to it once the peer has said that it knows. So many
  // calls refused within a second, and the connection is cut: they are begun faster than they are forgotten.
  std::size_t streams = 128;
  std::size_t calls = 16'384;                    // under way at once; else RESOURCE_EXHAUSTED
  std::size_t calls_per_address = 4'096;         // of those, per IPv4 address or IPv6 /64
  std::size_t memory_bytes = 512 * 1024 * 1024;  // for buffers; beyond it, connections are refused
  // Calls that one connection may take back, or let time out, within a second; it is cut then.
  std::size_t resets = 500;
  // What a connection may send until something of it is a call or a whole message; it is cut then. The
  // library itself holds as much as comes: heads without end, messages of any announced length.
  std::size_t unheard_bytes = 16 * 1024 * 1024;
  // From a call's start to its end, but for methods that are said to stream; else DEADLINE_EXCEEDED.
  Millis call_time = Millis(60'000);
  // How long a message may wait for a caller that does not read; the call is cut then.
  Millis write_patience = Millis(30'000);
  Millis idle = Millis(600'000);              // a connection without calls is closed then
  Millis age{0};                              // a connection is asked to leave then; 0: never
  Millis age_grace = Millis(60'000);          // and cut after this
  Millis keepalive = Millis(60'000);          // a silent connection is asked for a sign of life then
  Millis keepalive_timeout = Millis(20'000);  // and cut if none comes
  Millis ping_interval = Millis(10'000);      // a caller that pings more often without data is cut
  Millis sweep = Millis(250);                 // how often times and connections are looked at
};

}  // namespace allauth::net
