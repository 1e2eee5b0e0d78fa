// How much is asked of the server at most, by whom.
#pragma once

#include "base/clock.h"
#include "base/rate_table.h"

namespace allauth::server {

// How many requests of each kind are answered.
struct WorkLimits {
  Rate questions{};
  Rate reads{};
  Rate writes{};
  Rate logins{};
};

// How many wrong passwords and keys are looked at.
struct FailureLimits {
  Rate one{.count = 2, .burst = 10, .per = Seconds(60)};
  Rate account{.count = 1, .burst = 50, .per = Seconds(60)};
  Rate source{.count = 10, .burst = 100, .per = Seconds(60)};
};

// Of the personal tokens and API keys of one user.
struct UserTokenLimits {
  std::int64_t per_user = 100;  // of each type
  std::int64_t scopes = 100;    // of one
  Seconds lifetime{0};          // the longest; 0: for ever
};

struct LimitsConfig {
  WorkLimits source{.logins = {.count = 10, .burst = 30}};
  WorkLimits principal{.logins = {.count = 100, .burst = 300}};
  WorkLimits domain{};
  FailureLimits failures{};
  bool exempt_loopback = false;
  UserTokenLimits tokens;
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
