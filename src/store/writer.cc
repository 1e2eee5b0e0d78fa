#include "store/writer.h"

#include <algorithm>
#include <future>

namespace allauth::store {
namespace {

constexpr int kMostRuns = 8;
constexpr Millis kRetryInterval{200};
constexpr Millis kLongestPause{2000};

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

Writer::Writer(std::unique_ptr<sql::Session> session, Deps deps, WriterOptions options, LogCursor at)
    : session_(std::move(session)),
      deps_(deps),
      options_(options),
      known_(to_number(at.revision)),
      tail_(deps.clock, deps.log, deps.probe, at),
      thread_([this] { loop(); }) {}

void Writer::enqueue(QueuedWrite write) {
  if (auto refusal = admit(write)) return write.complete(fail(*std::move(refusal)));
  wake_.notify_one();
}

std::optional<Error> Writer::admit(QueuedWrite& write) {
  std::lock_guard lock(mutex_);
  if (closed_) return closed();
  if (trouble_) {
    deps_.probe.lost(1);
    return trouble_;
  }
  if (queue_.size() >= options_.queued) {
    deps_.probe.busy();
    return busy();
  }
  queue_.push_back(std::move(write));
  deps_.probe.queued(queue_.size());
  return std::nullopt;
}

Result<void> Writer::follow(LogFollower follower) {
  std::promise<Result<void>> joined;
  auto answer = joined.get_future();
  {
    std::lock_guard lock(mutex_);
    if (closed_) return fail(closed());
    joiners_.push_back(
        {std::move(follower), [&joined](Result<void> done) { joined.set_value(std::move(done)); }});
  }
  wake_.notify_one();
  return answer.get();
}

void Writer::hint() {
  {
    std::lock_guard lock(mutex_);
    hinted_ = true;
  }
  wake_.notify_one();
}

bool Writer::hint(Revision said) {
  if (to_number(said) <= known_.load(std::memory_order_relaxed)) return false;
  hint();
  return true;
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
  while (wait_for_work()) {
    let_join();
    if (auto write = take_one(false))
      run_batch(*std::move(write));
    else
      poll();
  }
  let_join();
}

bool Writer::wait_for_work() {
  std::unique_lock lock(mutex_);
  const auto awake = [this] { return closed_ || hinted_ || !queue_.empty() || !joiners_.empty(); };
  if (options_.poll_interval || trouble_)
    wake_.wait_for(lock, pause(), awake);
  else
    wake_.wait(lock, awake);
  hinted_ = false;
  return !closed_ || !queue_.empty();
}

// The interval, and longer and longer while the database does not answer.
Millis Writer::pause() const {
  const Millis interval = options_.poll_interval.value_or(kRetryInterval);
  if (!trouble_) return interval;
  const int doublings = std::clamp(failures_ - 1, 0, 10);
  return std::min(std::min(interval, kRetryInterval) * (1 << doublings), kLongestPause);
}

std::optional<QueuedWrite> Writer::take_one(bool only_unchecked) {
  std::lock_guard lock(mutex_);
  if (queue_.empty() || (only_unchecked && queue_.front().recheck)) return std::nullopt;
  std::optional write(std::move(queue_.front()));
  queue_.pop_front();
  deps_.probe.queued(queue_.size());
  return write;
}

void Writer::let_join() {
  std::vector<Joiner> joiners;
  {
    std::lock_guard lock(mutex_);
    joiners.swap(joiners_);
  }
  for (auto& joiner : joiners) joiner.joined(tail_.join(*session_, std::move(joiner.follower)));
}

void Writer::poll() {
  if (!options_.poll_interval && !tail_.adrift()) return;
  if (auto polled = tail_.poll(*session_); !polled) return refuse_all({}, polled.error());
  known_ = to_number(tail_.applied());
  end_trouble();
}

void Writer::run_batch(QueuedWrite first) {
  const Tick since = deps_.probe.start();
  Batch batch(*session_, deps_.clock, make_tag(deps_.entropy), options_.quotas);
  if (const auto begun = batch.begin(tail_); !begun) {
    std::vector<QueuedWrite> writes;
    writes.push_back(std::move(first));
    return is_given_up(begun.error()) ? run_again(std::move(writes), begun.error())
                                      : refuse_all(std::move(writes), begun.error());
  }
  batch.add(std::move(first));
  fill(batch);
  settle(batch, since);
}

void Writer::fill(Batch& batch) {
  while (!batch.broken() && batch.writes() < options_.batch_writes &&
         batch.images() < options_.batch_images) {
    auto write = take_one(batch.changes_rights());
    if (!write) return;
    batch.add(*std::move(write));
  }
}

void Writer::settle(Batch& batch, Tick since) {
  known_ = to_number(batch.reaches());  // before others, and who tells of it, can know
  auto entries = batch.finish();
  if (!entries) {
    known_ = to_number(tail_.applied());
    if (is_given_up(entries.error())) return run_again(batch.take_back(), entries.error());
    deps_.log.error("store: batch not committed", entries.error());
    deps_.probe.lost(batch.writes());
    batch.answer(lost(entries.error()));
    return;
  }
  if (!entries->empty()) {
    deps_.probe.committed(entries->size(), since);
    tail_.committed(AppliedBatch{*std::move(entries)});
  }
  deps_.probe.refused(batch.answer(std::nullopt).refused);
}

// Back to the head of the queue in their order, but for those that had their chances.
void Writer::run_again(std::vector<QueuedWrite> writes, const Error& why) {
  deps_.probe.given_up();
  std::vector<QueuedWrite> hopeless;
  {
    std::lock_guard lock(mutex_);
    for (auto write = writes.rbegin(); write != writes.rend(); ++write) {
      if (++write->runs < kMostRuns)
        queue_.push_front(std::move(*write));
      else
        hopeless.push_back(std::move(*write));
    }
    deps_.probe.queued(queue_.size());
  }
  if (hopeless.empty()) return;
  deps_.log.error("store: the database gave up the same writes again and again", why);
  deps_.probe.lost(hopeless.size());
  for (auto& write : hopeless) write.complete(fail(lost(why)));
}

// The database cannot be used now: everyone who waits is told so at once, not one timeout after another.
void Writer::refuse_all(std::vector<QueuedWrite> first, const Error& why) {
  set_trouble(why);
  std::deque<QueuedWrite> waiting;
  {
    std::lock_guard lock(mutex_);
    waiting.swap(queue_);
    deps_.probe.queued(0);
  }
  const Error told = lost(why);
  deps_.probe.lost(first.size() + waiting.size());
  for (auto& write : first) write.complete(fail(told));
  for (auto& write : waiting) write.complete(fail(told));
}

// New writes are refused from now on, until a poll succeeds; where nothing is polled, the next write
// finds out by itself.
void Writer::set_trouble(const Error& why) {
  std::lock_guard lock(mutex_);
  if (!trouble_) deps_.log.error("store: the database cannot be used", why);
  ++failures_;
  if (options_.poll_interval || tail_.adrift()) trouble_ = lost(why);
}

void Writer::end_trouble() {
  std::lock_guard lock(mutex_);
  if (trouble_) deps_.log.warn("store: the database can be used again");
  trouble_.reset();
  failures_ = 0;
}

}  // namespace allauth::store
