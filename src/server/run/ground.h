// What every kind of node stands on: the configuration, the machine, and the state in memory.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <thread>

#include "base/buffered_entropy.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "policy/check.h"
#include "policy/core_schema.h"
#include "server/config/config.h"
#include "server/run/limits.h"
#include "store/snapshot/hub.h"
#include "wire/limiter.h"

namespace allauth::server {

inline std::size_t cores() { return std::max(1u, std::thread::hardware_concurrency()); }

inline std::size_t or_default(std::int64_t configured, std::size_t otherwise) {
  return configured > 0 ? static_cast<std::size_t>(configured) : otherwise;
}

inline std::uint64_t random_number(Entropy& entropy) {
  std::array<std::uint8_t, sizeof(std::uint64_t)> bytes{};
  entropy.fill(bytes);
  return std::bit_cast<std::uint64_t>(bytes);
}

// Clock, Entropy and Log are borrowed.
struct Ground {
  Ground(const Config& cfg, Clock& c, Entropy& e, Log& l)
      : config(cfg),
        clock(c),
        entropy(e),
        log(l),
        ids(c, id_entropy),
        hub(policy::core_schema(), c, l, metrics),
        limiter(c, metrics, random_number(e), limits_of(cfg.limits)),
        throttle(c, metrics, random_number(e), failures_of(cfg.limits)) {}
  Ground(const Ground&) = delete;
  Ground& operator=(const Ground&) = delete;

  const Config config;
  Clock& clock;
  Entropy& entropy;
  Log& log;
  Metrics metrics;
  BufferedEntropy id_entropy;
  UuidSource ids;
  policy::Engine engine;
  store::SnapshotHub hub;
  wire::Limiter limiter;
  app::LoginThrottle throttle;
};

}  // namespace allauth::server
