// One thread that loads an HTTP server with copies of one request.
//
// Saturating: each connection asks again as soon as it was answered; for throughput and CPU per request.
// Open loop: requests are due at fixed times and wait for a free connection if they must; a latency is
// counted from the time at which its request was due, so a stall of the server is seen by all requests
// that would have come meanwhile.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "bench/socket.h"
#include "bench/stats.h"

namespace allauth::bench {

struct HttpLoad {
  Target target;
  std::string request;
  std::size_t connections = 64;
  double rate = 0;  // requests per second; 0: saturating
  double seconds = 1;
  // Looks at the body of every 64th answer; all answers must have status 200 (or 201).
  std::function<bool(std::string_view body)> right;
};

struct HttpLoadResult {
  std::uint64_t answers = 0;
  std::uint64_t wrong = 0;  // another status, or not `right`
  double seconds = 0;
  Latencies latencies;
  double rate() const { return seconds > 0 ? static_cast<double>(answers) / seconds : 0; }
};

// An error if connections cannot be made or are lost in the middle of an answer.
Result<HttpLoadResult> run(const HttpLoad& load);

}  // namespace allauth::bench
