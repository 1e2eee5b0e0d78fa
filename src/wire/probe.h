// The series of one API method: how often it was answered with which code, and how fast.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

#include "base/clock.h"
#include "base/error.h"
#include "base/metrics.h"

namespace allauth::wire {

class Probe {
 public:
  // allauth_requests_total{method,code} and allauth_request_seconds{method}; `metrics` outlives it.
  Probe(Metrics& metrics, std::string_view method);

  // `code` nothing: answered well.
  void answered(std::optional<Code> code, Tick::duration took);

 private:
  std::array<Counter*, 11> counters_{};  // by Code, the last one for "ok"
  Histogram* latency_;
};

}  // namespace allauth::wire
