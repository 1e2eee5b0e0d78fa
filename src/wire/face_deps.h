// What a face of the native API stands on, whichever transport it serves.
#pragma once

#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "wire/method.h"

namespace allauth::wire {

// All borrowed; they must outlive the face and its last answer.
struct FaceDeps {
  Clock& clock;
  IdSource& ids;
  Log& log;
  Metrics& metrics;
  // For calls with Allauth-At-Least; without it they are refused (unsupported).
  AtLeast at_least{};
};

}  // namespace allauth::wire
