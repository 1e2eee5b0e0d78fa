// What the MQTT row does to a broker, or to what stands in front of one. Single-threaded.
#pragma once

#include <cstdint>
#include <vector>

#include "bench/mqtt_wire.h"
#include "bench/stats.h"

namespace allauth::bench::mqtt {

// Pairs of a publisher and a subscriber, QoS 0, 64 bytes, as fast as it goes: each pair keeps at most a
// window of messages under way, so that nobody has a reason to drop any. Every message must come, once
// and in order.
struct PairsLoad {
  Target target;
  std::vector<Login> logins;        // one per pair
  std::vector<std::string> topics;  // one per pair
  double seconds = 1;
};
struct PairsResult {
  std::uint64_t messages = 0;
  std::uint64_t wrong = 0;  // lost, twice or out of order
  double seconds = 0;
};
Result<PairsResult> run(const PairsLoad& load);

// One client that publishes 64 bytes with QoS 1 at a fixed rate. Latencies count from the time at which
// the message was due to its PUBACK.
struct AckLoad {
  Target target;
  Login login;
  std::string topic;
  double rate = 2000;
  double seconds = 1;
};
Result<Latencies> run(const AckLoad& load);

// So many connections are opened with CONNECT and closed after CONNACK, 16 at a time.
struct ConnectLoad {
  Target target;
  std::vector<Login> logins;  // in turns; client ids get a number each
  std::size_t connections = 1000;
};
// Connections per second.
Result<double> run(const ConnectLoad& load);

}  // namespace allauth::bench::mqtt
