// Coarse timeouts, cheap enough to re-arm on every request: each loop sweeps its armed deadlines on
// one timer, instead of one timer per operation (which costs 3-4 us each to arm).
// Precision: never early, late by at most IoOptions::sweep.
#pragma once

#include <functional>

#include "base/clock.h"

namespace allauth::net {

class Deadlines;
class IoPool;

// One timeout of one connection. All calls, construction and destruction included, on the loop's
// thread (or while no thread runs). Destroying it disarms it.
class Deadline {
 public:
  // `expired` is called once per set() that ran out; it may set, clear or destroy any Deadline.
  Deadline(IoPool& pool, std::size_t index, std::move_only_function<void()> expired);
  ~Deadline();
  Deadline(const Deadline&) = delete;
  Deadline& operator=(const Deadline&) = delete;

  void set(Tick at);  // re-arming an armed one is a store
  void clear();
  bool armed() const { return armed_; }
  Tick at() const { return at_; }

 private:
  friend class Deadlines;
  Deadlines& owner_;
  std::move_only_function<void()> expired_;
  Tick at_{};
  bool armed_ = false;
  Deadline* next_ = nullptr;
  Deadline* previous_ = nullptr;
};

// The armed deadlines of one loop. Owned by IoPool, which calls sweep().
class Deadlines {
 public:
  explicit Deadlines(std::function<void()> wake) : wake_(std::move(wake)) {}
  Deadlines(const Deadlines&) = delete;
  Deadlines& operator=(const Deadlines&) = delete;

  // Fires all that are due at `now`; true if any is still armed, so that the timer must go on.
  bool sweep(Tick now);

 private:
  friend class Deadline;
  void link(Deadline& deadline);
  void unlink(Deadline& deadline);

  std::function<void()> wake_;  // called when the first deadline is armed
  Deadline* head_ = nullptr;
  Deadline* cursor_ = nullptr;  // what a running sweep looks at next
  bool sweeping_ = false;
};

}  // namespace allauth::net
