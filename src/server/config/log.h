// What is written to the log.
#pragma once

#include "base/clock.h"
#include "base/log.h"

namespace allauth::server {

// Which requests have a line in the log. Slow ones always do.
enum class LogRequestsConfig { all, errors, none };

struct LogConfig {
  LogLevel level = LogLevel::info;
  LogFormat format = LogFormat::human;
  LogRequestsConfig requests = LogRequestsConfig::all;
  Millis slow_request{1000};   // 0: none is slow
  Millis slow_statement{500};  // 0: none is slow
};

}  // namespace allauth::server
