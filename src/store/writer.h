// The writer: one thread that takes queued writes in order, as many per commit as are waiting.
#pragma once

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
#include "store/probe.h"
#include "store/queued_write.h"

namespace allauth::store {

struct WriterLimits {
  std::size_t queued = 0;
  std::size_t batch_writes = 0;
  std::size_t batch_images = 0;
};

class Writer {
 public:
  using Listener = std::function<void(const AppliedBatch&)>;

  // `applied` is the revision that the session's database is at.
  Writer(std::unique_ptr<sql::Session>, Clock&, Log&, Probe&, WriterLimits, Revision applied);
  ~Writer() { close(); }
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  void enqueue(QueuedWrite);
  void on_applied(Listener);
  void close();
  bool on_writer_thread() const { return std::this_thread::get_id() == thread_id_; }

 private:
  void loop();
  std::optional<QueuedWrite> wait_for_one();
  // Takes the write into the queue, or leaves it and says why not.
  std::optional<Error> admit(QueuedWrite& write);
  // The next one; nothing if there is none, or if it has a recheck and those are not wanted now.
  std::optional<QueuedWrite> take_one(bool only_unchecked);
  void run_batch(QueuedWrite first);
  void fail_all(QueuedWrite first, const Error& error);
  void fill(Batch& batch);
  void settle(Batch& batch, Tick since);
  void deliver(const AppliedBatch&) noexcept;

  std::unique_ptr<sql::Session> session_;
  Clock& clock_;
  Log& log_;
  Probe& probe_;
  const WriterLimits limits_;

  std::mutex mutex_;  // guards the next four
  std::condition_variable wake_;
  std::deque<QueuedWrite> queue_;
  bool closed_ = false;
  std::vector<Listener> listeners_;

  Revision applied_;    // the writer thread's own
  std::thread thread_;  // after all that it uses
  const std::thread::id thread_id_{thread_.get_id()};
  std::mutex joining_;
};

}  // namespace allauth::store
