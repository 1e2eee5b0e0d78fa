// Where the newest Snapshot is found. It follows a log, whose source is one of two: a Store in this
// process, whose writer tells it what was committed before the write is answered, so that whoever wrote
// sees it; or whoever hands it the state (load) and then what is written (apply).
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

#include "base/error.h"
#include "base/log.h"
#include "base/metrics.h"
#include "store/snapshot/snapshot.h"
#include "store/snapshot/waiters.h"
#include "store/store.h"

namespace allauth::store {

class SnapshotBuilder;

// Thread-safe for those who look; fed by one thread at a time.
class SnapshotHub {
 public:
  SnapshotHub(std::shared_ptr<const policy::CompiledSchema> schema, Clock& clock, Log& log, Metrics& metrics);
  ~SnapshotHub();

  // Reads the whole state and follows the store from there, once. Must outlive the store's last write.
  Result<void> follow(Store& store);

  // Takes in a whole state, image by image, in the order of store/state.h. What was before is answered
  // from until finish(); a Load that is destroyed earlier, or after an error, has changed nothing.
  class Load {
   public:
    explicit Load(SnapshotHub& hub);
    Load(Load&&) noexcept;
    Load& operator=(Load&&) noexcept;
    ~Load();
    // Errors: image.malformed, and those of rows that contradict the schema. Nothing can be put after.
    Result<void> put(const Image& image);
    // All there is was put, and it is the state at `revision`. A hub that was not healthy is again.
    void finish(Revision revision);

   private:
    SnapshotHub* hub_;
    std::unique_ptr<SnapshotBuilder> builder_;  // none once it is of no more use
  };
  Load load() { return Load(*this); }

  // What was written after the newest snapshot, without a gap.
  void apply(const AppliedBatch& batch);

  // Says that the source was heard of, also when it had nothing new; so long ago, if it was told by others.
  void contact(Millis ago = Millis(0));
  // How long nothing was heard of the source: neither state, nor entries, nor contact().
  Millis silence() const;

  // From now on what was longer than `most_silence` without contact is stale until the next contact: view()
  // gives out a snapshot that says so. Nothing: the source cannot be missed, it is in this process. Also
  // runs the clock for when(). Once.
  void watch(std::optional<Millis> most_silence);
  bool stale() const { return stale_.load(); }

  // Calls `then` once, when the snapshot is at `wanted` or later: at once on this thread, or later on
  // the one that feeds the hub, where it must only hand on. Errors: unavailable state.behind after
  // `longest`; exhausted server.busy when too many wait.
  void when(Revision wanted, Millis longest, RevisionWaiters::Then then);
  // No one waits any more, and `then` of whoever did was called.
  void end_waits() { waiters_.close(); }

  // The newest snapshot. The reference is good on this thread until its next call of view(). Costs one
  // atomic load unless the revision moved.
  const std::shared_ptr<const Snapshot>& view() const;
  // Grows whenever view() gives out another snapshot. Revisions may go back; this does not.
  std::uint64_t version() const { return version_.load(std::memory_order_acquire); }

  // False once an entry could not be applied: the newest snapshot is a broken one then, until a state is
  // loaded.
  bool healthy() const { return healthy_.load(); }

 private:
  Result<void> load_rows(Read& read);
  Result<void> try_apply(const AppliedBatch& batch);
  void publish(Snapshot next);
  void forget_ended_sessions(SnapshotBuilder& builder);
  void give_out(std::shared_ptr<const Snapshot> root);  // under mutex_
  void run_watch(std::stop_token stop);
  void check_silence();

  Clock& clock_;
  Log& log_;
  Metrics& metrics_;
  Gauge& revision_gauge_;
  const std::uint64_t identity_;
  const std::shared_ptr<const policy::CompiledSchema> schema_;
  const Instant made_ = clock_.now();
  const Tick made_at_ = clock_.tick();
  Tick next_forgetting_ = made_at_;
  mutable std::mutex mutex_;                // guards both pointers, held for moments only
  std::shared_ptr<const Snapshot> newest_;  // as the log has it
  std::shared_ptr<const Snapshot> given_out_;
  std::atomic<std::uint64_t> version_{1};
  std::atomic<bool> healthy_{true};
  std::atomic<bool> stale_{false};
  std::atomic<Tick> heard_;
  RevisionWaiters waiters_;
  std::optional<Millis> most_silence_;
  std::mutex watching_;
  std::condition_variable_any watch_ends_;
  std::jthread watch_;  // after all that it uses
};

}  // namespace allauth::store
