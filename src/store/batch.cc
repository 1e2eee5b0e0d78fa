#include "store/batch.h"

#include <algorithm>
#include <exception>

#include <fmt/format.h>

namespace allauth::store {
namespace {

constexpr std::size_t kCatchUp = 1000;

// Kinds of rows on which it depends who may change things.
bool carries_rights(ImageKind kind) {
  switch (kind) {
    case ImageKind::user:
    case ImageKind::role:
    case ImageKind::role_member:
    case ImageKind::session:
      return true;
    case ImageKind::credential:
    case ImageKind::domain:
    case ImageKind::client:
    case ImageKind::channel:
    case ImageKind::connection:
    case ImageKind::signing_key:
    case ImageKind::setting:
      return false;
  }
  return true;
}

}  // namespace

Result<void> Batch::begin(Revision applied, const std::function<void(AppliedBatch)>& before) {
  TRY(session_.begin_write());
  auto ready = catch_up(applied, before);
  if (!ready) session_.rollback();
  return ready;
}

// The head is beyond what was applied when another node has written, or when a commit that was
// answered as failed has reached the disk after all.
Result<void> Batch::catch_up(Revision applied, const std::function<void(AppliedBatch)>& before) {
  TRY(head_, lock_head(session_));
  if (head_ < applied)
    return fail(Code::unavailable, "store.log.rewound",
                "The database is older than what this process has seen; restart it.");
  Read read(session_, head_);
  while (applied < head_) {
    TRY(auto entries, read_entries(read, applied, kCatchUp));
    applied = entries.back().revision;
    before(AppliedBatch{std::move(entries)});
  }
  return {};
}

void Batch::add(QueuedWrite write) {
  const auto revision = static_cast<Revision>(to_number(head_) + entries_.size() + 1);
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

Result<LogEntry> Batch::run(QueuedWrite& write, Revision revision) {
  auto entry = run_guarded(write, revision);
  // Whatever the functions hold (connections' state, rows) is not needed any more.
  write.recheck = nullptr;
  write.run = nullptr;
  return entry;
}

Result<LogEntry> Batch::run_guarded(QueuedWrite& write, Revision revision) {
  if (auto opened = session_.savepoint(); !opened) {
    broken_ = opened.error();
    return fail(std::move(opened).error());
  }
  auto entry = in_savepoint(write, revision);
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

Result<LogEntry> Batch::in_savepoint(QueuedWrite& write, Revision revision) {
  try {
    if (write.recheck) TRY(write.recheck());
    Tx tx(session_, revision, clock_.now());
    TRY(write.run(tx));
    return tx.finish();
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
  if (auto appended = append_entries(session_, entries_); !appended) {
    session_.rollback();
    return fail(std::move(appended).error());
  }
  TRY(session_.commit());
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

}  // namespace allauth::store
