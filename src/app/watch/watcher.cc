#include "app/watch/watcher.h"

#include <algorithm>

namespace allauth::app {

bool WatchFilter::passes(const store::Act& act) const {
  if (!domain.empty() && act.domain_id != domain.str()) return false;
  return kinds.empty() || std::ranges::find(kinds, act.target_kind) != kinds.end();
}

void WatchBell::ring() {
  {
    const std::lock_guard lock(mutex_);
    ringing_ = true;
  }
  rung_.notify_one();
}

void WatchBell::wait(Millis longest) {
  std::unique_lock lock(mutex_);
  rung_.wait_for(lock, longest, [this] { return ringing_; });
  ringing_ = false;
}

void Watcher::next(Then then) {
  std::unique_lock lock(mutex_);
  if (ended_) {
    Error ended = *ended_;
    lock.unlock();
    return then(fail(std::move(ended)));
  }
  then_ = std::move(then);
  lock.unlock();
  bell_->ring();
}

void Watcher::leave() {
  gone_.store(true);
  Then dropped;  // goes after the lock
  const std::lock_guard lock(mutex_);
  dropped = std::move(then_);
  then_ = nullptr;
}

bool Watcher::wants_more() {
  const std::lock_guard lock(mutex_);
  return static_cast<bool>(then_);
}

void Watcher::tell(WatchNews news, Tick now) {
  told_at_ = now;
  Then then;
  {
    const std::lock_guard lock(mutex_);
    then = std::move(then_);
    then_ = nullptr;
  }
  if (then) then(std::move(news));
}

void Watcher::end(Error why) {
  Then then;
  {
    const std::lock_guard lock(mutex_);
    ended_ = why;
    then = std::move(then_);
    then_ = nullptr;
  }
  gone_.store(true);
  if (then) then(fail(std::move(why)));
}

void Watcher::consider(const std::vector<SharedEvent>& events) {
  for (const auto& event : events) {
    if (asked_.filter.passes(event->act)) queue_.push_back(event);
    place_.at = event->at;
  }
}

void Watcher::hand_back(ReadBack read) {
  {
    const std::lock_guard lock(mutex_);
    read_ = std::move(read);
  }
  bell_->ring();
}

std::optional<Watcher::ReadBack> Watcher::take_back() {
  const std::lock_guard lock(mutex_);
  return std::exchange(read_, std::nullopt);
}

}  // namespace allauth::app
