// What a face of the native API stands on, whichever transport it serves.
#pragma once

#include <cstdint>

#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "wire/limiter.h"
#include "wire/method.h"

namespace allauth::wire {

// Which requests have a line in the log. Slow ones always do.
enum class LogRequests : std::uint8_t { all, errors, none };

struct RequestLogOptions {
  LogRequests which = LogRequests::all;
  Millis slow{1000};  // from this on a request is slow; 0: none is
};

// All borrowed; they must outlive the face and its last answer.
struct FaceDeps {
  Clock& clock;
  IdSource& ids;
  Log& log;
  Metrics& metrics;
  // For calls with Allauth-At-Least; without it they are refused (unsupported).
  AtLeast at_least{};
  Entropy* entropy = nullptr;  // for the ids of traces; without it they are zeros
  Limiter* limiter = nullptr;  // null: nobody is limited
  RequestLogOptions request_log{};
};

}  // namespace allauth::wire
