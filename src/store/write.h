// One write: a function that changes rows within the writer's transaction. Either all of it is
// committed, with one revision and one log entry, or nothing is.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "store/log.h"
#include "store/read.h"
#include "store/usage.h"

namespace allauth::store {

struct Shape;

// The largest number of rows that one write may change.
inline constexpr std::size_t kMaxImages = 1'000'000;

// What a write function works with: it reads as Read does, sees its own changes, and changes rows
// with insert(), update() and erase() of store/rows.h. A statement that failed fails the write, even
// if the function goes on: that is how every engine behaves. (row.missing is no such failure.)
class Tx final : public Read {
 public:
  Tx(sql::Session& session, Revision revision, Instant now) : Read(session, revision), now_(now) {}

  Instant now() const { return now_; }
  // Mandatory, once per write.
  void act(Act act);
  // Say so when rights are taken away that the kinds of the rows do not show (store/batch.cc): a write
  // that is checked for rights then waits for the next batch.
  void takes_rights() { takes_rights_ = true; }

 private:
  friend class RowWriter;
  friend class KeptAnswers;
  friend class Batch;
  friend class LoneWrite;
  // The entry of this write, or why it cannot be committed.
  Result<LogEntry> finish();
  // Why a write failed that answered `told`: the engine's reason for giving up the whole transaction
  // counts, whatever the function made of it.
  Error cause(Error told) const;

  Instant now_;
  int acts_ = 0;
  bool takes_rights_ = false;
  Act act_;
  std::vector<Image> images_;
  UsageChanges usage_;
};

// `recheck` says whether the caller still may, on the newest local snapshot, just before `run`; it may
// be empty. Both are called on the writer's thread, and neither may block on anything but SQL. They are
// called again when the engine gave up the whole transaction, so they change nothing but rows; const
// sees to that. An error of either is the write's result. An exception is Code::bug and fails this
// write only.
template <class T>
struct Write {
  std::move_only_function<Result<void>() const> recheck;
  std::move_only_function<Result<T>(Tx&) const> run;
};

// For writes without an answer of their own: Write<Done>.
struct Done {};

template <class T>
struct Committed {
  T value;
  Revision revision;
};

}  // namespace allauth::store
