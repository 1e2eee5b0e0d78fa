#include "store/snapshot/waiters.h"

#include <algorithm>
#include <optional>

namespace allauth::store {
namespace {

Error behind() {
  return {.code = Code::unavailable,
          .reason = "state.behind",
          .message = "This node has not reached the revision that was asked for; try again in a moment.",
          .retry_after = Seconds(1)};
}

Error busy() {
  return {.code = Code::exhausted,
          .reason = "server.busy",
          .message = "Too many requests wait for a newer state; try again in a moment.",
          .retry_after = Seconds(1)};
}

}  // namespace

void RevisionWaiters::add(Revision wanted, Tick deadline, Then then) {
  Result<void> at_once;
  {
    std::lock_guard lock(mutex_);
    const bool must_wait = wanted > reached_;
    if (must_wait && !closed_ && waiters_.size() < most_) {
      waiters_.push_back({wanted, deadline, std::move(then)});
      return;
    }
    if (must_wait) at_once = fail(closed_ ? behind() : busy());
  }
  then(std::move(at_once));
}

// Takes those out for whom it is over. They are called without the lock: they may do what they like.
template <class Over>
std::vector<RevisionWaiters::Waiter> RevisionWaiters::take(const Over& over) {
  const auto out = std::ranges::partition(waiters_, [&](const Waiter& waiter) { return !over(waiter); });
  std::vector<Waiter> taken(std::move_iterator(out.begin()), std::move_iterator(out.end()));
  waiters_.erase(out.begin(), out.end());
  return taken;
}

void RevisionWaiters::reached(Revision revision) {
  std::vector<Waiter> there;
  {
    std::lock_guard lock(mutex_);
    reached_ = revision;
    if (waiters_.empty()) return;
    there = take([revision](const Waiter& waiter) { return waiter.wanted <= revision; });
  }
  for (auto& waiter : there) waiter.then({});
}

void RevisionWaiters::expire(Tick now) {
  std::vector<Waiter> late;
  {
    std::lock_guard lock(mutex_);
    late = take([now](const Waiter& waiter) { return waiter.deadline <= now; });
  }
  for (auto& waiter : late) waiter.then(fail(behind()));
}

void RevisionWaiters::close() {
  {
    std::lock_guard lock(mutex_);
    closed_ = true;
  }
  expire(Tick::max());
}

}  // namespace allauth::store
