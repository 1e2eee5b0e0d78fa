// One transaction with the writes that go into it: the core of the writer, without its thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/clock.h"
#include "store/log_tail.h"
#include "store/queued_write.h"
#include "store/sql/session.h"
#include "store/usage.h"

namespace allauth::store {

// begin(), add() for each write, finish(), then answer() or take_back(). A write that fails leaves no
// trace and takes no revision; when the transaction itself fails, all writes have failed.
class Batch {
 public:
  // `tag` marks what this batch writes; random, never 0.
  // `rules` outlive it.
  Batch(sql::Session& session, Clock& clock, std::uint64_t tag, const QuotaRules& rules)
      : session_(session), clock_(clock), tag_(tag), usage_(rules) {}

  // Starts the transaction, locks the log and lets `tail` catch up with it. On an error nothing is open.
  Result<void> begin(LogTail& tail);

  void add(QueuedWrite write);
  // True once the transaction cannot be saved; add() must not be called any more.
  bool broken() const { return broken_.has_value(); }
  std::size_t writes() const { return outcomes_.size(); }
  std::size_t images() const { return images_; }
  // The newest revision that there is once this is committed.
  Revision reaches() const { return static_cast<Revision>(to_number(head_) + entries_.size()); }
  // True if this batch may have taken rights away, which the snapshot does not show before the commit:
  // a write that wants its rechecked belongs into the next batch.
  bool changes_rights() const { return changes_rights_; }

  // Commits, or rolls back when there is nothing to commit. Entries are empty then. unavailable
  // store.serialization: the engine gave up this transaction for another one; it can be run again.
  // unavailable store.in_doubt: the next catch_up() shows whether it was committed.
  Result<std::vector<LogEntry>> finish();

  // Answers every write: the revision it got or its own error; `lost` if there is one.
  struct Tally {
    std::size_t refused = 0;
  };
  Tally answer(const std::optional<Error>& lost);

  // The writes in their order, unanswered, to be run again.
  std::vector<QueuedWrite> take_back();

 private:
  struct Outcome {
    QueuedWrite write;
    Result<Revision> result;
  };

  Result<LogEntry> run(const QueuedWrite& write, Revision revision);
  Result<LogEntry> in_savepoint(const QueuedWrite& write, Revision revision);

  sql::Session& session_;
  Clock& clock_;
  const std::uint64_t tag_;
  UsageBook usage_;
  Revision head_{};
  std::vector<LogEntry> entries_;
  std::vector<Outcome> outcomes_;
  std::size_t images_ = 0;
  bool changes_rights_ = false;
  std::optional<Error> broken_;
};

// Whether the engine gave up a whole transaction for another one's sake.
bool is_given_up(const Error& error);

}  // namespace allauth::store
