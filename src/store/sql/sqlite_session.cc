#include "store/sql/sqlite_session.h"

#include <array>

#include <fmt/format.h>
#include <sqlite3.h>

#include "store/sql/sqlite_error.h"

namespace allauth::sql {
namespace {

class SqliteRow final : public Row {
 public:
  explicit SqliteRow(sqlite3_stmt* statement) : statement_(statement) {}
  bool is_null(int column) const override { return sqlite3_column_type(statement_, column) == SQLITE_NULL; }
  std::int64_t integer(int column) const override { return sqlite3_column_int64(statement_, column); }
  std::string_view bytes(int column) const override {
    const void* data = sqlite3_column_blob(statement_, column);  // of text: its UTF-8
    const int size = sqlite3_column_bytes(statement_, column);
    return data ? std::string_view(static_cast<const char*>(data), static_cast<std::size_t>(size)) : "";
  }

 private:
  sqlite3_stmt* statement_;
};

int bind(sqlite3_stmt* statement, int index, const Value& value) {
  // A null pointer would bind NULL, which empty text is not.
  const char* data = value.bytes().empty() ? "" : value.bytes().data();
  switch (value.type()) {
    case Value::Type::null:
      return sqlite3_bind_null(statement, index);
    case Value::Type::integer:
      return sqlite3_bind_int64(statement, index, value.integer());
    case Value::Type::text:
      return sqlite3_bind_text64(statement, index, data, value.bytes().size(), SQLITE_STATIC, SQLITE_UTF8);
    case Value::Type::blob:
      return sqlite3_bind_blob64(statement, index, data, value.bytes().size(), SQLITE_STATIC);
  }
  return SQLITE_MISUSE;
}

// The words of migrations. STRICT makes column types binding; WITHOUT ROWID keeps a row in the tree
// of its key, right for short rows.
constexpr std::array<ScriptWord, 5> kWords{{
    {"{{int}}", "INTEGER"},
    {"{{text}}", "TEXT"},
    {"{{blob}}", "BLOB"},
    {"{{table}}", "STRICT"},
    {"{{clustered}}", "STRICT, WITHOUT ROWID"},
}};

// Writers are locked out from the beginning of a transaction, so there is nothing to lock row by row.
constexpr StatementWords kStatementWords{
    .for_update = "", .now = "CAST(ROUND((julianday('now') - 2440587.5) * 86400000) AS INTEGER)"};

}  // namespace

void CloseSqlite::operator()(sqlite3* db) const { sqlite3_close_v2(db); }
void FinalizeSqlite::operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }

Result<SqliteHandle> open_handle(const std::string& path, bool create) {
  sqlite3* raw = nullptr;
  const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE |
                    SQLITE_OPEN_PRIVATECACHE | (create ? SQLITE_OPEN_CREATE : 0);
  const int code = sqlite3_open_v2(path.c_str(), &raw, flags, nullptr);
  SqliteHandle db(raw);
  if (code != SQLITE_OK) return fail(to_error(code, db.get(), "open"));
  return db;
}

Result<void> execute(sqlite3* db, const std::string& text) {
  const int code = sqlite3_exec(db, text.c_str(), nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) return fail(to_error(code, db, text.substr(0, 60)));
  return {};
}

Result<SqliteStatement> SqliteSession::prepare(const Statement& statement, bool keep) {
  const std::string text = render(statement, kStatementWords);
  sqlite3_stmt* raw = nullptr;
  const unsigned flags = keep ? SQLITE_PREPARE_PERSISTENT : 0;
  const int code =
      sqlite3_prepare_v3(db_.get(), text.data(), static_cast<int>(text.size()), flags, &raw, nullptr);
  SqliteStatement made(raw);
  if (code != SQLITE_OK) return fail(to_error(code, db_.get(), statement.name()));
  return made;
}

Result<sqlite3_stmt*> SqliteSession::cached(const Statement& statement) {
  const std::pair key(statement.text().data(), statement.columns().data());
  const auto at = prepared_.find(key);
  if (at != prepared_.end()) return at->second.get();
  TRY(auto made, prepare(statement, true));
  return prepared_.emplace(key, std::move(made)).first->second.get();
}

Result<RunResult> SqliteSession::run(const Statement& statement, std::span<const Value> binds,
                                     const RowSink& sink) {
  TRY(check_binds(statement, binds));
  TRY(sqlite3_stmt * prepared, cached(statement));
  SqliteStatement again;  // a sink may run the statement whose rows it is being given
  if (sqlite3_stmt_busy(prepared)) {
    TRY(again, prepare(statement, false));
    prepared = again.get();
  }
  int index = 0;
  for (const Value& value : binds) {
    if (const int code = bind(prepared, ++index, value); code != SQLITE_OK)
      return fail(to_error(code, db_.get(), statement.name()));
  }
  auto result = step_through(prepared, statement, sink);
  sqlite3_reset(prepared);
  sqlite3_clear_bindings(prepared);  // they point to memory of the caller
  return result;
}

Result<RunResult> SqliteSession::step_through(sqlite3_stmt* prepared, const Statement& statement,
                                              const RowSink& sink) {
  const SqliteRow row(prepared);
  int code = 0;
  while ((code = sqlite3_step(prepared)) == SQLITE_ROW) {
    if (sink) TRY(sink(row));
  }
  if (code != SQLITE_DONE) return fail(to_error(code, db_.get(), statement.name()));
  return RunResult{sqlite3_stmt_readonly(prepared) ? 0 : sqlite3_changes64(db_.get())};
}

Result<bool> SqliteSession::has_table(std::string_view name) {
  static constexpr Statement kTable("sqlite.has_table",
                                    "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = $1");
  bool found = false;
  TRY(run(kTable, std::array{Value(name)}, [&found](const Row&) -> Result<void> {
    found = true;
    return {};
  }));
  return found;
}

Result<void> SqliteSession::run_script(std::string_view text) {
  return execute(db_.get(), render_script(text, kWords));
}

Result<std::vector<std::string>> SqliteSession::table_scans(const Statement& statement) {
  const std::string text = "EXPLAIN QUERY PLAN " + render(statement, kStatementWords);
  sqlite3_stmt* raw = nullptr;
  const int code = sqlite3_prepare_v2(db_.get(), text.c_str(), -1, &raw, nullptr);
  const SqliteStatement prepared(raw);
  if (code != SQLITE_OK) return fail(to_error(code, db_.get(), statement.name()));
  std::vector<std::string> scans;
  while (sqlite3_step(prepared.get()) == SQLITE_ROW) {
    constexpr int kDetail = 3;
    const auto step = SqliteRow(prepared.get()).bytes(kDetail);
    const bool scan = step.starts_with("SCAN") && step != "SCAN CONSTANT ROW";
    if (scan || step.find("TEMP B-TREE") != std::string_view::npos) scans.emplace_back(step);
  }
  return scans;
}

Result<void> SqliteSession::commit() {
  auto result = execute(db_.get(), "COMMIT");
  if (!result) rollback();
  return result;
}

void SqliteSession::rollback() {
  // Some errors (full disk, I/O) have ended the transaction already.
  if (sqlite3_get_autocommit(db_.get()) == 0) sqlite3_exec(db_.get(), "ROLLBACK", nullptr, nullptr, nullptr);
}

}  // namespace allauth::sql
