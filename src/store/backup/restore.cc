#include "store/backup/restore.h"

#include <algorithm>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "store/backup/log_rows.h"
#include "store/channel_topics.h"
#include "store/in_write.h"
#include "store/restoring.h"
#include "store/row_types.h"
#include "store/rows.h"
#include "store/usage.h"

namespace allauth::store::backup {
namespace {

// As every schema has it.
constexpr sql::Statement kRevision("restore.revision", "SELECT revision FROM log_head");

// Rows that go into the database with one call.
constexpr std::size_t kTogether = 512;

// Deletes what a restore that was interrupted has left: what belongs to something before its owner.
Result<void> wipe(sql::Session& session) {
  TRY(erase_log(session));
  TRY(drop_all_topics(session));
  const auto types = row_types();
  for (auto type = types.rbegin(); type != types.rend(); ++type) {
    for (const auto& child : type->shape.children) TRY(session.run(child.erase_all));
    TRY(session.run(type->shape.erase_all));
  }
  return {};
}

class Restore {
 public:
  Restore(sql::Session& session, const RestoreOptions& options) : session_(session), options_(options) {}

  Result<Summary> run(ByteSource source) {
    TRY(require_empty(session_));
    TRY(migrate(session_, options_.migrations, options_.clock, options_.entropy));
    TRY(in_write(session_, [this] { return mark(); }));
    auto summary = load(std::move(source));
    if (!summary) {
      session_.rollback();
      return summary;
    }
    TRY(in_write(session_, [&] { return set_head(session_, {summary->header.at, summary->header.at}); }));
    TRY(fill_in_newer_columns(summary->header.schema));
    TRY(in_write(session_, [this]() -> Result<void> {
      TRY(recount_usage(session_));
      TRY(restore_topics(session_));
      return end_restoring(session_);
    }));
    return summary;
  }

 private:
  Result<void> mark() {
    TRY(lock_head(session_));
    TRY(require_empty(session_));
    TRY(const bool again, is_restoring(session_));
    return again ? wipe(session_) : begin_restoring(session_);
  }

  Result<Summary> load(ByteSource source) {
    TRY(begin());
    TRY(auto summary, read_backup(std::move(source), {.header =
                                                          [this](const Header& header) {
                                                            return require_restorable(header,
                                                                                      options_.migrations);
                                                          },
                                                      .image = [this](const Image& i) { return take(i); },
                                                      .entry = [this](const LogEntry& e) { return take(e); },
                                                      .progress = options_.progress}));
    TRY(flush());
    TRY(session_.commit());
    return summary;
  }

  // Begins a transaction, and sees that nobody else uses the database.
  Result<void> begin() {
    TRY(session_.begin_write());
    TRY(const auto head, lock_head(session_));
    TRY(const bool ours, is_restoring(session_));
    if (ours && head == LogHead{}) return {};
    return fail(Code::conflict, "restore.not_alone",
                "Another program has written to the database meanwhile; stop it, and restore again into an "
                "empty one.");
  }

  Result<void> take(const Image& image) {
    TRY(auto row, decode_row(image));
    if (!rows_.empty() && rows_.front().type != row.type) TRY(flush());
    rows_.push_back(std::move(row));
    return taken();
  }
  Result<void> take(const LogEntry& entry) {
    if (!rows_.empty()) TRY(flush());
    acts_.push_back(entry);
    return taken();
  }

  Result<void> taken() {
    if (rows_.size() + acts_.size() >= kTogether) TRY(flush());
    if (++in_transaction_ < options_.rows) return {};
    in_transaction_ = 0;
    TRY(flush());
    TRY(session_.commit());
    return begin();
  }

  Result<void> flush() {
    if (!rows_.empty()) {
      std::vector<const void*> addresses;
      for (const auto& any : rows_) addresses.push_back(any.row.get());
      TRY(insert_rows(session_, rows_.front().type->shape, addresses));
      rows_.clear();
    }
    TRY(insert_acts(session_, acts_));
    acts_.clear();
    return {};
  }

  // Migrations of rows that are newer than the backup have not seen these rows.
  Result<void> fill_in_newer_columns(int schema) {
    for (const auto& migration : options_.migrations.subspan(static_cast<std::size_t>(schema)))
      if (migration.backfill != nullptr)
        TRY(fill_in_rows(session_, migration, options_.clock, options_.entropy));
    return {};
  }

  sql::Session& session_;
  const RestoreOptions& options_;
  std::vector<AnyRow> rows_;  // of one type
  std::vector<LogEntry> acts_;
  std::size_t in_transaction_ = 0;
};

}  // namespace

Result<void> require_restorable(const Header& header, std::span<const Migration> known) {
  if (header.schema <= static_cast<int>(known.size())) return {};
  return fail(Code::unsupported, "backup.schema",
              fmt::format("The backup was made by allauth {} at schema {}, and this one knows {}; restore it "
                          "with the version that made it.",
                          header.program, header.schema, known.size()));
}

Result<void> require_empty(sql::Session& session) {
  TRY(const bool tables, session.has_table("log_head"));
  if (!tables) return {};
  TRY(const bool again, is_restoring(session));
  if (again) return {};
  std::int64_t revision = 0;
  TRY(session.run(kRevision, {}, [&revision](const sql::Row& row) -> Result<void> {
    revision = row.integer(0);
    return {};
  }));
  if (revision == 0) return {};
  return fail(Code::conflict, "restore.not_empty",
              fmt::format("The database is not empty: it is at revision {}. A restore takes an empty one.",
                          revision));
}

Result<Summary> restore_backup(sql::Session& session, ByteSource source, const RestoreOptions& options) {
  return Restore(session, options).run(std::move(source));
}

}  // namespace allauth::store::backup
