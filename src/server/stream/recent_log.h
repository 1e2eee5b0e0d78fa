// The newest entries of the log in memory, so that those who follow closely cost the database nothing.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <vector>

#include "base/clock.h"
#include "store/log.h"

namespace allauth::server {

// Thread-safe.
class RecentLog {
 public:
  // Keeps entries up to about so many bytes.
  explicit RecentLog(std::size_t most_bytes) : most_bytes_(most_bytes) {}

  using Batch = std::shared_ptr<const store::AppliedBatch>;

  // On the writer's thread: entries that follow those before; and that the log may have another history
  // now, in which nothing is known.
  void append(const store::AppliedBatch& batch);
  void forget();

  // Where a follower stands. {} before its first look.
  struct Place {
    store::LogCursor at;
    std::uint64_t history = 0;
  };
  struct Next {
    std::vector<Batch> batches;  // what follows; entries up to at.revision among them were had already
    bool elsewhere = false;      // there is more, but not here: it is in the database
    std::uint64_t history = 0;
  };
  // Waits for something after `place`, at most so long, or for wake(). Both empty: there is nothing.
  Next wait_after(const Place& place, Millis longest);
  void wake();
  // Waits that long, or for wake().
  void pause(Millis longest);
  // While nobody wants them, entries are not kept.
  void set_wanted(bool wanted);

 private:
  bool covers(Revision next) const;

  const std::size_t most_bytes_;
  std::mutex mutex_;
  std::condition_variable grown_;
  std::deque<Batch> batches_;
  std::size_t bytes_ = 0;
  Revision newest_{};  // told of, kept or not
  bool wanted_ = false;
  std::uint64_t history_ = 1;
  std::uint64_t wakes_ = 0;
};

}  // namespace allauth::server
