// Who may open one more connection: a listener's caps and counts. Thread-safe.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <unordered_map>

#include "base/metrics.h"
#include "net/listener_options.h"

namespace allauth::net {

class Admission : public std::enable_shared_from_this<Admission> {
 public:
  enum class Cause { limit, address_limit, tls, closing };

  Admission(const ListenerOptions& options, Metrics& metrics);

  // A lease that counts as one connection from `source` until it is destroyed; none, and counted as
  // refused, if a cap is reached. `source` is an IPv4 address or an IPv6 /64 as a number.
  std::shared_ptr<void> admit(std::uint64_t source);
  // Counts a connection that was refused after it had been admitted.
  void refused(Cause cause);
  std::size_t open() const { return open_.load(); }

 private:
  class Lease;
  bool enter(std::uint64_t source);
  void leave(std::uint64_t source);

  const std::size_t max_connections_;
  const std::size_t max_per_address_;
  Gauge& gauge_;
  Counter& accepted_;
  std::array<Counter*, 4> refused_;
  std::atomic<std::size_t> open_{0};
  std::mutex mutex_;
  std::unordered_map<std::uint64_t, std::size_t> sources_;  // bounded by max_connections
};

}  // namespace allauth::net
