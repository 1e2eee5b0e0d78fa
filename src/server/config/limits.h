// How much is asked of the server at most, by whom.
#pragma once

#include "base/rate_table.h"

namespace allauth::server {

// How many requests of each kind are answered.
struct WorkLimits {
  Rate questions{};
  Rate reads{};
  Rate writes{};
  Rate logins{};
};

struct LimitsConfig {
  WorkLimits source{.logins = {.per_second = 10, .burst = 30}};
  WorkLimits principal{.logins = {.per_second = 100, .burst = 300}};
  WorkLimits domain{};
  bool exempt_loopback = false;
};

// What one domain may hold, unless it has a quota of its own; 0: no limit.
struct QuotasConfig {
  std::int64_t members = 100'000;
  std::int64_t clients = 1'000'000;
  std::int64_t channels = 1'000'000;
  std::int64_t groups = 100'000;
  std::int64_t roles = 100'000;
  std::int64_t connections = 10'000'000;
  std::int64_t client_keys = 2'000'000;
  std::int64_t domains_per_user = 10'000;
};

struct PolicyConfig {
  std::int64_t max_relationships = 10'000'000;
};

}  // namespace allauth::server
