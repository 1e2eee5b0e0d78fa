#include "store/batch.h"

#include <algorithm>
#include <exception>

#include <fmt/format.h>

namespace allauth::store {
namespace {

// Kinds of rows on which it depends who may change things.
bool carries_rights(ImageKind kind) {
  switch (kind) {
    case ImageKind::user:
    case ImageKind::role:
    case ImageKind::role_member:
    case ImageKind::session:
    case ImageKind::group:
      return true;
    case ImageKind::credential:
    case ImageKind::domain:
    case ImageKind::client:
    case ImageKind::channel:
    case ImageKind::connection:
    case ImageKind::group_connection:
    case ImageKind::signing_key:
    case ImageKind::setting:
    case ImageKind::relationship:
    case ImageKind::policy_schema:
    case ImageKind::annotation:
    case ImageKind::extension:
      return false;
  }
  return true;
}

// The answer to a commit got lost together with the connection.
Error in_doubt(Error error) {
  if (error.reason == Reason("store.unreachable")) {
    error.reason = "store.in_doubt";
    error.message =
        "The database was lost while it stored the change; look whether it did before you try again.";
  }
  return error;
}

}  // namespace

bool is_given_up(const Error& error) { return error.reason == Reason("store.serialization"); }

Result<void> Batch::begin(LogTail& tail) {
  TRY(session_.begin_write());
  const auto ready = [&]() -> Result<void> {
    TRY(const auto locked, lock_head(session_));
    TRY(tail.catch_up(session_, locked));
    head_ = locked.newest.revision;
    return {};
  }();
  if (!ready) session_.rollback();
  return ready;
}

void Batch::add(QueuedWrite write) {
  const auto revision = static_cast<Revision>(to_number(reaches()) + 1);
  auto entry = run(write, revision);
  if (!entry) {
    outcomes_.push_back({std::move(write), fail(std::move(entry).error())});
    return;
  }
  images_ += entry->images.size();
  changes_rights_ |= std::ranges::any_of(entry->images, carries_rights, &Image::kind);
  entries_.push_back(*std::move(entry));
  outcomes_.push_back({std::move(write), revision});
}

Result<LogEntry> Batch::run(const QueuedWrite& write, Revision revision) {
  if (auto opened = session_.savepoint(); !opened) {
    broken_ = opened.error();
    return fail(std::move(opened).error());
  }
  auto entry = in_savepoint(write, revision);
  if (!entry && is_given_up(entry.error())) {
    broken_ = entry.error();
    return entry;
  }
  Result<void> closed;
  if (!entry) closed = session_.rollback_to_savepoint();
  if (closed) closed = session_.release();
  if (!closed) {
    // The engine has given up the transaction (disk full, I/O error): the writes before are gone too.
    broken_ = entry ? closed.error() : entry.error();
    return fail(*broken_);
  }
  return entry;
}

Result<LogEntry> Batch::in_savepoint(const QueuedWrite& write, Revision revision) {
  try {
    if (write.recheck) TRY(write.recheck());
    Tx tx(session_, revision, clock_.now());
    if (auto done = write.run(tx); !done) return fail(tx.cause(std::move(done).error()));
    changes_rights_ |= tx.takes_rights_;
    const auto usage = std::move(tx.usage_);
    TRY(auto entry, tx.finish());
    if (auto counted = usage_.add(tx, usage, entry.images); !counted) return fail(std::move(counted).error());
    entry.tag = tag_;
    return entry;
  } catch (const std::exception& e) {
    return fail(Code::bug, "write.threw", "The change failed for an internal reason.", {}, e.what());
  } catch (...) {
    return fail(Code::bug, "write.threw", "The change failed for an internal reason.");
  }
}

Result<std::vector<LogEntry>> Batch::finish() {
  if (broken_ || entries_.empty()) {
    session_.rollback();
    if (broken_) return fail(*broken_);
    return std::move(entries_);
  }
  auto written = usage_.store(session_);
  if (written) written = append_entries(session_, entries_);
  if (!written) {
    session_.rollback();
    return fail(std::move(written).error());
  }
  session_.announce(to_number(reaches()));
  if (auto committed = session_.commit(); !committed) return fail(in_doubt(std::move(committed).error()));
  return std::move(entries_);
}

Batch::Tally Batch::answer(const std::optional<Error>& lost) {
  Tally tally;
  for (auto& outcome : outcomes_) {
    if (lost) {
      outcome.write.complete(fail(*lost));
      continue;
    }
    if (!outcome.result) ++tally.refused;
    outcome.write.complete(std::move(outcome.result));
  }
  return tally;
}

std::vector<QueuedWrite> Batch::take_back() {
  std::vector<QueuedWrite> writes;
  for (auto& outcome : outcomes_) writes.push_back(std::move(outcome.write));
  outcomes_.clear();
  return writes;
}

}  // namespace allauth::store
