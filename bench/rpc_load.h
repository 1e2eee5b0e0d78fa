// Loads a gRPC server with copies of one unary call, on the library's threads.
#pragma once

#include <cstdint>
#include <string>

#include "base/error.h"
#include "bench/stats.h"

namespace allauth::bench {

struct RpcLoad {
  std::uint16_t port = 0;  // on loopback
  std::string method;
  std::string token;  // sent as a bearer token; may be empty
  std::string message;
  std::string expected;         // what each answer has to hold
  std::size_t connections = 8;  // each with its own channel
  std::size_t calls = 8;        // under way on each: the next starts when one was answered
  double seconds = 1;
};

struct RpcLoadResult {
  std::uint64_t answers = 0;
  std::uint64_t wrong = 0;  // another status than OK, or not what was expected
  std::string first_wrong;  // what the first of these was
  double seconds = 0;
  Latencies latencies;
  double rate() const { return seconds > 0 ? static_cast<double>(answers) / seconds : 0; }
};

Result<RpcLoadResult> run(const RpcLoad& load);

}  // namespace allauth::bench
