// One transaction with the writes that go into it: the core of the writer, without its thread.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <vector>

#include "base/clock.h"
#include "store/log.h"
#include "store/queued_write.h"
#include "store/sql/session.h"

namespace allauth::store {

// begin(), add() for each write, finish(). A write that fails leaves no trace and takes no revision;
// when the transaction itself fails, all writes have failed.
class Batch {
 public:
  Batch(sql::Session& session, Clock& clock) : session_(session), clock_(clock) {}

  // Starts the transaction and locks the log. On an error nothing is open. `before` is called when
  // the log has grown past `applied` without this process having seen it, with what is missing.
  Result<void> begin(Revision applied, const std::function<void(AppliedBatch)>& before);

  void add(QueuedWrite write);
  // True once the transaction cannot be saved; add() must not be called any more.
  bool broken() const { return broken_.has_value(); }
  std::size_t writes() const { return outcomes_.size(); }
  std::size_t images() const { return images_; }
  // True if this batch may have taken rights away, which the snapshot does not show before the commit:
  // a write that wants its rechecked belongs into the next batch.
  bool changes_rights() const { return changes_rights_; }

  // Commits, or rolls back when there is nothing to commit. Entries are empty then.
  Result<std::vector<LogEntry>> finish();

  // Answers every write: the revision it got or its own error; `lost` if there is one.
  struct Tally {
    std::size_t refused = 0;
  };
  Tally answer(const std::optional<Error>& lost);

 private:
  struct Outcome {
    QueuedWrite write;
    Result<Revision> result;
  };

  Result<void> catch_up(Revision applied, const std::function<void(AppliedBatch)>& before);
  Result<LogEntry> run(QueuedWrite& write, Revision revision);
  Result<LogEntry> run_guarded(QueuedWrite& write, Revision revision);
  Result<LogEntry> in_savepoint(QueuedWrite& write, Revision revision);

  sql::Session& session_;
  Clock& clock_;
  Revision head_{};
  std::vector<LogEntry> entries_;
  std::vector<Outcome> outcomes_;
  std::size_t images_ = 0;
  bool changes_rights_ = false;
  std::optional<Error> broken_;
};

}  // namespace allauth::store
