#include "server/stream/recent_log.h"

namespace allauth::server {
namespace {

constexpr std::size_t kMostBatchesAtOnce = 64;

std::size_t size_of(const store::AppliedBatch& batch) {
  std::size_t bytes = 0;
  for (const auto& entry : batch.entries) {
    bytes += 256;
    for (const auto& image : entry.images) bytes += 64 + image.key.size() + image.bytes.size();
  }
  return bytes;
}

}  // namespace

void RecentLog::append(const store::AppliedBatch& batch) {
  const std::lock_guard lock(mutex_);
  newest_ = batch.entries.back().revision;
  if (!wanted_) return;
  bytes_ += size_of(batch);
  batches_.push_back(std::make_shared<const store::AppliedBatch>(batch));
  while (bytes_ > most_bytes_ && !batches_.empty()) {
    bytes_ -= size_of(*batches_.front());
    batches_.pop_front();
  }
  grown_.notify_all();
}

void RecentLog::forget() {
  const std::lock_guard lock(mutex_);
  batches_.clear();
  bytes_ = 0;
  newest_ = {};
  ++history_;
  grown_.notify_all();
}

void RecentLog::set_wanted(bool wanted) {
  const std::lock_guard lock(mutex_);
  wanted_ = wanted;
  if (wanted) return;
  batches_.clear();
  bytes_ = 0;
}

void RecentLog::pause(Millis longest) {
  std::unique_lock lock(mutex_);
  const auto wakes = wakes_;
  grown_.wait_for(lock, longest, [&] { return wakes != wakes_; });
}

void RecentLog::wake() {
  const std::lock_guard lock(mutex_);
  ++wakes_;
  grown_.notify_all();
}

bool RecentLog::covers(Revision next) const {
  return !batches_.empty() && batches_.front()->entries.front().revision <= next;
}

RecentLog::Next RecentLog::wait_after(const Place& place, Millis longest) {
  std::unique_lock lock(mutex_);
  const auto wakes = wakes_;
  grown_.wait_for(lock, longest, [&] {
    return place.history != history_ || newest_ > place.at.revision || wakes != wakes_;
  });
  Next next{.batches = {}, .history = history_};
  if (place.history != history_) {
    next.elsewhere = true;
    return next;
  }
  if (newest_ <= place.at.revision) return next;
  if (!covers(static_cast<Revision>(to_number(place.at.revision) + 1))) {
    next.elsewhere = true;
    return next;
  }
  for (const auto& batch : batches_) {
    if (batch->entries.back().revision <= place.at.revision) continue;
    next.batches.push_back(batch);
    if (next.batches.size() == kMostBatchesAtOnce) break;
  }
  return next;
}

}  // namespace allauth::server
