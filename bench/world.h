// A store in this process, with what it needs.
#pragma once

#include <memory>
#include <string>

#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "store/store.h"

namespace allauth::bench {

struct World {
  SystemClock clock;
  SystemEntropy entropy;
  Log log{clock, LogLevel::warn, LogFormat::human};
  Metrics metrics;
  std::unique_ptr<store::Store> store;
};

inline Result<void> open_store(World& world, const std::string& location) {
  TRY(world.store, store::Store::open({.clock = world.clock,
                                       .entropy = world.entropy,
                                       .log = world.log,
                                       .metrics = world.metrics,
                                       .location = location}));
  return {};
}

}  // namespace allauth::bench
