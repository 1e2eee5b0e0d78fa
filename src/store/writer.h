// The writer: one thread that takes queued writes in order, as many per commit as are waiting, and that
// follows the log, so that what others have written is known here as well.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "store/batch.h"
#include "store/log_tail.h"
#include "store/probe.h"
#include "store/queued_write.h"

namespace allauth::store {

struct WriterOptions {
  std::size_t queued = 0;
  std::size_t batch_writes = 0;
  std::size_t batch_images = 0;
  // How often the log is looked at for what others wrote; nothing: nobody else can.
  std::optional<Millis> poll_interval;
  QuotaRules quotas{};
};

// Thread-safe.
class Writer {
 public:
  struct Deps {
    Clock& clock;
    Entropy& entropy;
    Log& log;
    Probe& probe;
  };

  // `at` is the end of the log that the session's database has.
  Writer(std::unique_ptr<sql::Session>, Deps, WriterOptions, LogCursor at);
  ~Writer() { close(); }
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  void enqueue(QueuedWrite);
  // Waits until the follower has loaded. Not from the writer thread.
  Result<void> follow(LogFollower);
  // Says that the log may have grown: it is looked at now instead of at the next interval.
  void hint();
  // The same, but for a revision that is here already, or is just being committed here. True if it is not.
  bool hint(Revision said);
  // The newest revision that those who follow were told of.
  Revision applied() const { return tail_.applied(); }
  void close();
  bool on_writer_thread() const { return std::this_thread::get_id() == thread_id_; }

 private:
  struct Joiner {
    LogFollower follower;
    std::move_only_function<void(Result<void>)> joined;
  };

  void loop();
  bool wait_for_work();  // false: closed, and all is done
  Millis pause() const;
  // Takes the write into the queue, or leaves it and says why not.
  std::optional<Error> admit(QueuedWrite& write);
  // The next one; nothing if there is none, or if it has a recheck and those are not wanted now.
  std::optional<QueuedWrite> take_one(bool only_unchecked);
  void let_join();
  void poll();
  void run_batch(QueuedWrite first);
  void fill(Batch& batch);
  void settle(Batch& batch, Tick since);
  void run_again(std::vector<QueuedWrite> writes, const Error& why);
  void refuse_all(std::vector<QueuedWrite> first, const Error& why);
  void set_trouble(const Error& why);
  void end_trouble();

  std::unique_ptr<sql::Session> session_;
  Deps deps_;
  const WriterOptions options_;

  std::mutex mutex_;  // guards the next six
  std::condition_variable wake_;
  std::deque<QueuedWrite> queue_;
  std::vector<Joiner> joiners_;
  bool hinted_ = false;
  bool closed_ = false;
  std::optional<Error> trouble_;  // why no write is taken at the moment
  int failures_ = 0;              // polls in a row that failed

  std::atomic<std::uint64_t> known_;  // the newest revision that is here, or being committed
  LogTail tail_;                      // the writer thread's own
  std::thread thread_;                // after all that it uses
  const std::thread::id thread_id_{thread_.get_id()};
  std::mutex joining_;
};

}  // namespace allauth::store
