// The I/O threads: N event loops, one thread each. A connection is born on one loop and never leaves
// it, so its code needs no locks; work for it from elsewhere is posted to that loop.
//
// Built on Boost.Asio (one io_context per thread, concurrency hint 1). This header is free of Asio;
// coroutines are started with net/spawn.h and wait with net/signal.h and net/stream.h.
#pragma once

#include <atomic>
#include <cstddef>
#include <exception>
#include <functional>
#include <memory>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"

namespace boost::asio {
class io_context;
}

namespace allauth::net {

class Deadlines;
class SignalList;

struct IoOptions {
  std::size_t threads = 1;
  // How often deadlines are looked at: they fire up to this much late (see net/deadlines.h).
  Millis sweep = Millis(250);
};

// Owns the threads. Clock, Log and Metrics are borrowed and must outlive it; whatever answers a
// connection from another thread (worker pools) must have stopped before it goes.
// An exception that escapes a handler is logged and counted (allauth_net_handler_failures_total);
// the loop goes on.
class IoPool {
 public:
  IoPool(IoOptions options, Clock& clock, Log& log, Metrics& metrics);
  // stop(); then everything that still waits on a loop is destroyed, coroutines included.
  ~IoPool();
  IoPool(const IoPool&) = delete;
  IoPool& operator=(const IoPool&) = delete;

  // Starts the threads; once.
  void start();
  // Ends the loops and joins the threads. What was posted and not yet run is dropped. Idempotent;
  // not from an I/O thread.
  void stop();

  std::size_t size() const { return loops_.size(); }
  // Between start() and stop().
  bool running() const { return running_.load(); }
  // Runs `fn` on loop `index`, later, never inside the call. Thread-safe.
  void post(std::size_t index, std::move_only_function<void()> fn);
  // True on the thread of loop `index`.
  bool inside(std::size_t index) const;
  // Counts and logs what escaped a handler; for code that catches on its own. Thread-safe.
  void failed(std::exception_ptr error);

  boost::asio::io_context& context(std::size_t index);
  Deadlines& deadlines(std::size_t index);  // use only on that loop's thread
  SignalList& signals(std::size_t index);   // for Signal only
  Clock& clock() { return clock_; }
  Log& log() { return log_; }
  Metrics& metrics() { return metrics_; }

 private:
  struct Loop;
  void run(Loop& loop);

  Clock& clock_;
  Log& log_;
  Metrics& metrics_;
  Counter& failures_;
  std::vector<std::unique_ptr<Loop>> loops_;
  std::atomic<bool> running_{false};
};

}  // namespace allauth::net
