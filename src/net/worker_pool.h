// Threads for what must not run on an I/O thread: SQL, password hashing, slow signatures. Bounded:
// when the queue is full the caller is told at once and answers "exhausted".
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/log.h"

namespace allauth::net {

struct WorkerOptions {
  std::size_t threads = 1;
  std::size_t max_queue = 64;   // jobs waiting, those being run not counted
  std::string name = "worker";  // thread name (15 characters are shown) and log field
};

// Thread-safe. Jobs start in order of submission. A job that throws is logged, the thread lives on.
class WorkerPool {
 public:
  using Job = std::move_only_function<void()>;

  WorkerPool(WorkerOptions options, Log& log);
  ~WorkerPool();  // stop()
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  // False at once when the queue is full or the pool stops; the job is destroyed then.
  bool submit(Job job);
  // Jobs waiting now.
  std::size_t depth() const;
  // Takes no more, runs what is queued, joins. Idempotent; not from one of its own jobs.
  void stop();

 private:
  void work();

  WorkerOptions options_;
  Log& log_;
  mutable std::mutex mutex_;
  std::condition_variable ready_;
  std::deque<Job> queue_;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace allauth::net
