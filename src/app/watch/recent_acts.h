// The newest acts of the log in memory, so that those who watch closely cost the database nothing.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <vector>

#include "base/clock.h"
#include "store/log.h"

namespace allauth::app {

// What was done, and the place in the log after it.
struct Event {
  store::LogCursor at;
  Instant time{};
  store::Act act;
};
using SharedEvent = std::shared_ptr<const Event>;

// Thread-safe.
class RecentActs {
 public:
  explicit RecentActs(std::size_t most) : most_(most) {}

  // On the writer's thread: entries that follow those before; and that the log may have another history now,
  // in which nothing is known.
  void append(const store::AppliedBatch& batch);
  void forget();
  // While nobody wants them, acts are not kept.
  void set_wanted(bool wanted);

  struct Place {
    store::LogCursor at;
    std::uint64_t history = 0;  // in which `at` is known to lie; 0: none
  };
  struct Next {
    std::vector<SharedEvent> events;  // at most so many of those that follow
    bool elsewhere = false;           // there may be more, but not here: it is in the database
  };
  Next after(const Place& place, std::size_t most) const;
  // Grows when the log may have another history.
  std::uint64_t history() const;

 private:
  const std::size_t most_;
  mutable std::mutex mutex_;
  std::deque<SharedEvent> events_;  // their revisions are dense
  Revision newest_{};               // told of, kept or not
  bool wanted_ = false;
  std::uint64_t history_ = 1;
};

}  // namespace allauth::app
