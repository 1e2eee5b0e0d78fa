// A real mosquitto, and HAProxy in front of it as the cheapest proxy there is.
#pragma once

#include <memory>

#include "base/error.h"
#include "bench/child.h"
#include "bench/socket.h"

namespace allauth::bench {

struct Process {
  Child child;
  Target target;
};

// Anonymous, nothing persistent, queues without limits, no log. Its files go to `dir`.
Result<Process> start_mosquitto(const std::string& program, const std::string& dir, int core);

// TCP mode, one thread, no log.
Result<Process> start_haproxy(const std::string& program, const std::string& dir, const Target& broker,
                              int core);

}  // namespace allauth::bench
