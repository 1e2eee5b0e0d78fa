// Threads for what must not run on an I/O thread: SQL, password hashing, slow signatures. Bounded:
// when the queue is full the caller is told at once and answers "exhausted". Whoever asks often gets half of
// the places at most, and a turn as everybody else does.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "net/fair_queue.h"

namespace allauth::net {

struct WorkerOptions {
  std::size_t threads = 1;
  std::size_t max_queue = 64;   // jobs waiting, those being run not counted
  std::string name = "worker";  // thread name (15 characters are shown), log field and metric label
};

// Thread-safe. Jobs of one key start in order of submission. A job that throws is logged, the thread lives
// on. Metrics: allauth_pool_queue, allauth_pool_refused_total, allauth_pool_wait_seconds, by pool.
class WorkerPool {
 public:
  using Job = std::move_only_function<void()>;

  WorkerPool(WorkerOptions options, Clock& clock, Log& log, Metrics& metrics);
  ~WorkerPool();  // stop()
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  // False at once when the queue is full, or the share of `whose` in it, or the pool stops; the job is
  // destroyed then. Empty: the program's own, without a share.
  bool submit(std::string_view whose, Job job);
  // Jobs waiting now.
  std::size_t depth() const;
  // Takes no more, runs what is queued, joins. Idempotent; not from one of its own jobs.
  void stop();

 private:
  struct Waiting {
    Job job;
    Tick since;
  };
  void work();
  void run(Waiting next);

  WorkerOptions options_;
  Clock& clock_;
  Log& log_;
  Gauge& depth_;
  Counter& refused_;
  Histogram& waited_;
  mutable std::mutex mutex_;
  std::condition_variable ready_;
  FairQueue<Waiting> queue_;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace allauth::net
