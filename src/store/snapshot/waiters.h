// Those who wait until the state has reached a revision.
#pragma once

#include <cstddef>
#include <functional>
#include <mutex>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "model/ids.h"

namespace allauth::store {

// Thread-safe. Whoever waits costs a place in a list, no thread.
class RevisionWaiters {
 public:
  using Then = std::move_only_function<void(Result<void>)>;

  explicit RevisionWaiters(std::size_t most) : most_(most) {}

  // Calls `then` once: at once on this thread if the state is there, or too many wait already
  // (exhausted server.busy); later in reached(); or in expire() with unavailable state.behind.
  void add(Revision wanted, Tick deadline, Then then);
  // The state is at this revision now. It may be an earlier one than before.
  void reached(Revision revision);
  void expire(Tick now);
  // Whoever waits now or later is told that there is no use any more.
  void close();

 private:
  struct Waiter {
    Revision wanted;
    Tick deadline;
    Then then;
  };
  template <class Over>
  std::vector<Waiter> take(const Over& over);

  const std::size_t most_;
  std::mutex mutex_;
  Revision reached_{};
  bool closed_ = false;
  std::vector<Waiter> waiters_;
};

}  // namespace allauth::store
