#include "store/restoring.h"

#include "store/schema_history.h"

namespace allauth::store {
namespace {

// Where the progress of a migration is kept there is this one, which is no migration's.
constexpr int kRestore = 0;

}  // namespace

Result<bool> is_restoring(sql::Session& session) {
  TRY(const auto position, read_progress(session, kRestore));
  return position.has_value();
}

Result<void> begin_restoring(sql::Session& session) { return begin_progress(session, kRestore); }

Result<void> end_restoring(sql::Session& session) { return end_progress(session, kRestore); }

Result<void> require_no_restore(sql::Session& session) {
  TRY(const bool restoring, is_restoring(session));
  if (!restoring) return {};
  return fail(Code::unavailable, "store.restore.unfinished",
              "A restore into this database was interrupted, so it holds part of a directory only; run "
              "allauth restore again.");
}

}  // namespace allauth::store
