// What every kind of node stands on: the configuration, the machine, and the state in memory.
#pragma once

#include <algorithm>
#include <thread>

#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "policy/check.h"
#include "policy/core_schema.h"
#include "server/config/config.h"
#include "store/snapshot/hub.h"

namespace allauth::server {

inline std::size_t cores() { return std::max(1u, std::thread::hardware_concurrency()); }

inline std::size_t or_default(std::int64_t configured, std::size_t otherwise) {
  return configured > 0 ? static_cast<std::size_t>(configured) : otherwise;
}

// Clock, Entropy and Log are borrowed.
struct Ground {
  Ground(const Config& cfg, Clock& c, Entropy& e, Log& l)
      : config(cfg),
        clock(c),
        entropy(e),
        log(l),
        ids(c, e),
        engine(policy::core_schema()),
        hub(policy::core_schema(), c, l, metrics) {}
  Ground(const Ground&) = delete;
  Ground& operator=(const Ground&) = delete;

  const Config config;
  Clock& clock;
  Entropy& entropy;
  Log& log;
  Metrics metrics;
  UuidSource ids;
  policy::Engine engine;
  store::SnapshotHub hub;
};

}  // namespace allauth::server
