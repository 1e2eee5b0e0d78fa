#include "app/watch/recent_acts.h"

#include <algorithm>

namespace allauth::app {

void RecentActs::append(const store::AppliedBatch& batch) {
  const std::lock_guard lock(mutex_);
  newest_ = batch.entries.back().revision;
  if (!wanted_) return;
  for (const auto& entry : batch.entries)
    events_.push_back(
        std::make_shared<const Event>(Event{store::cursor_after(entry), entry.time, entry.act}));
  while (events_.size() > most_) events_.pop_front();
}

void RecentActs::forget() {
  const std::lock_guard lock(mutex_);
  events_.clear();
  newest_ = {};
  ++history_;
}

void RecentActs::set_wanted(bool wanted) {
  const std::lock_guard lock(mutex_);
  wanted_ = wanted;
  if (!wanted) events_.clear();
}

std::uint64_t RecentActs::history() const {
  const std::lock_guard lock(mutex_);
  return history_;
}

RecentActs::Next RecentActs::after(const Place& place, std::size_t most) const {
  const std::lock_guard lock(mutex_);
  if (place.history != history_) return {.events = {}, .elsewhere = true};
  if (newest_ <= place.at.revision) return {};
  const auto wanted = to_number(place.at.revision) + 1;
  if (events_.empty() || to_number(events_.front()->at.revision) > wanted)
    return {.events = {}, .elsewhere = true};
  const auto first = static_cast<std::size_t>(wanted - to_number(events_.front()->at.revision));
  const auto count = std::min(most, events_.size() - first);
  const auto from = events_.begin() + static_cast<std::ptrdiff_t>(first);
  return {.events = {from, from + static_cast<std::ptrdiff_t>(count)}};
}

}  // namespace allauth::app
