// Where the newest Snapshot is found. Follows the log: the store's writer tells it what was
// committed, before the write is answered, so whoever wrote sees it.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>

#include "base/error.h"
#include "base/log.h"
#include "base/metrics.h"
#include "store/snapshot/snapshot.h"
#include "store/store.h"

namespace allauth::store {

// Thread-safe.
class SnapshotHub {
 public:
  SnapshotHub(std::shared_ptr<const policy::CompiledSchema> schema, Clock& clock, Log& log, Metrics& metrics);

  // Reads the whole state and follows the store from there. Once, before the first write. Must outlive
  // the store's last write.
  Result<void> follow(Store& store);

  // The newest snapshot. The reference is good on this thread until its next call of view(). Costs one
  // atomic load unless the revision moved.
  const std::shared_ptr<const Snapshot>& view() const;

  // False once an entry could not be applied: from then on the newest snapshot is an empty one.
  bool healthy() const { return healthy_.load(); }

 private:
  void apply(const AppliedBatch& batch);
  Result<void> try_apply(const AppliedBatch& batch);
  void publish(Snapshot next);

  Clock& clock_;
  Log& log_;
  Gauge& revision_gauge_;
  const std::uint64_t identity_;
  const std::shared_ptr<const policy::CompiledSchema> schema_;
  Instant next_forgetting_{};
  mutable std::mutex mutex_;  // guards the pointer, held for a copy of it only
  std::shared_ptr<const Snapshot> newest_;
  std::atomic<std::uint64_t> version_{1};
  std::atomic<bool> healthy_{true};
};

}  // namespace allauth::store
