#include "store/writer.h"

#include <exception>

namespace allauth::store {
namespace {

Error busy() {
  return {.code = Code::exhausted,
          .reason = "store.busy",
          .message = "Too many changes are waiting to be stored; try again in a moment.",
          .retry_after = Seconds(1)};
}

Error closed() {
  return {.code = Code::unavailable,
          .reason = "store.closed",
          .message = "The server is shutting down.",
          .retry_after = Seconds(1)};
}

// What the writers of a batch that was not committed are told, whatever the cause: try again.
Error lost(const Error& cause) {
  Error error = cause;
  if (error.code != Code::unavailable) {
    error.code = Code::unavailable;
    error.message = "The change could not be stored; try again.";
  }
  if (!error.retry_after) error.retry_after = Seconds(1);
  return error;
}

}  // namespace

Writer::Writer(std::unique_ptr<sql::Session> session, Clock& clock, Log& log, Probe& probe,
               WriterLimits limits, Revision applied)
    : session_(std::move(session)),
      clock_(clock),
      log_(log),
      probe_(probe),
      limits_(limits),
      applied_(applied),
      thread_([this] { loop(); }) {
  probe_.revision(to_number(applied));
}

void Writer::enqueue(QueuedWrite write) {
  if (auto refusal = admit(write)) return write.complete(fail(*std::move(refusal)));
  wake_.notify_one();
}

std::optional<Error> Writer::admit(QueuedWrite& write) {
  std::lock_guard lock(mutex_);
  if (closed_) return closed();
  if (queue_.size() >= limits_.queued) {
    probe_.busy();
    return busy();
  }
  queue_.push_back(std::move(write));
  probe_.queued(queue_.size());
  return std::nullopt;
}

void Writer::on_applied(Listener listener) {
  std::lock_guard lock(mutex_);
  listeners_.push_back(std::move(listener));
}

void Writer::close() {
  {
    std::lock_guard lock(mutex_);
    closed_ = true;
  }
  wake_.notify_all();
  std::lock_guard joining(joining_);
  if (thread_.joinable()) thread_.join();
}

void Writer::loop() {
  while (auto write = wait_for_one()) run_batch(*std::move(write));
}

std::optional<QueuedWrite> Writer::wait_for_one() {
  {
    std::unique_lock lock(mutex_);
    wake_.wait(lock, [this] { return closed_ || !queue_.empty(); });
  }
  return take_one(false);
}

std::optional<QueuedWrite> Writer::take_one(bool only_unchecked) {
  std::lock_guard lock(mutex_);
  if (queue_.empty() || (only_unchecked && queue_.front().recheck)) return std::nullopt;
  std::optional write(std::move(queue_.front()));
  queue_.pop_front();
  probe_.queued(queue_.size());
  return write;
}

void Writer::run_batch(QueuedWrite first) {
  const Tick since = probe_.start();
  Batch batch(*session_, clock_);
  const auto begun = batch.begin(applied_, [this](const AppliedBatch& missed) { deliver(missed); });
  if (!begun) return fail_all(std::move(first), begun.error());
  batch.add(std::move(first));
  fill(batch);
  settle(batch, since);
}

// The database cannot be reached: everyone who waits is told so now, not one timeout after another.
void Writer::fail_all(QueuedWrite first, const Error& error) {
  log_.error("store: no transaction", error);
  const Error told = lost(error);
  std::deque<QueuedWrite> waiting;
  {
    std::lock_guard lock(mutex_);
    waiting.swap(queue_);
    probe_.queued(0);
  }
  probe_.lost(waiting.size() + 1);
  first.complete(fail(told));
  for (auto& write : waiting) write.complete(fail(told));
}

void Writer::fill(Batch& batch) {
  while (!batch.broken() && batch.writes() < limits_.batch_writes && batch.images() < limits_.batch_images) {
    auto write = take_one(batch.changes_rights());
    if (!write) return;
    batch.add(*std::move(write));
  }
}

void Writer::settle(Batch& batch, Tick since) {
  auto entries = batch.finish();
  if (!entries) {
    log_.error("store: batch not committed", entries.error());
    probe_.lost(batch.writes());
    batch.answer(lost(entries.error()));
    return;
  }
  if (!entries->empty()) {
    probe_.committed(entries->size(), since);
    deliver(AppliedBatch{*std::move(entries)});
  }
  probe_.refused(batch.answer(std::nullopt).refused);
}

void Writer::deliver(const AppliedBatch& batch) noexcept {
  std::vector<Listener> listeners;
  {
    std::lock_guard lock(mutex_);
    listeners = listeners_;
  }
  for (const auto& listener : listeners) listener(batch);
  applied_ = batch.entries.back().revision;
  probe_.revision(to_number(applied_));
}

}  // namespace allauth::store
