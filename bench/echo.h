// The baseline of the HTTP rows: a bare Beast server, one thread, one coroutine per connection,
// without timers, routing, JSON or limits. Reads each request whole and answers a body given.
#pragma once

#include <cstdint>
#include <string>

#include "base/error.h"
#include "bench/child.h"

namespace allauth::bench {

struct Echo {
  Child process;
  std::uint16_t port;
};

// In a child process bound to `core`.
Result<Echo> start_echo(std::string answer, int core);

}  // namespace allauth::bench
