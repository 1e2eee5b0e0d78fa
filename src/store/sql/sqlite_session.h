// A connection to the embedded database.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "store/sql/session.h"

struct sqlite3;
struct sqlite3_stmt;

namespace allauth::sql {

struct CloseSqlite {
  void operator()(sqlite3* db) const;
};
struct FinalizeSqlite {
  void operator()(sqlite3_stmt* statement) const;
};
using SqliteHandle = std::unique_ptr<sqlite3, CloseSqlite>;
using SqliteStatement = std::unique_ptr<sqlite3_stmt, FinalizeSqlite>;

// Opens `path` for reading and writing; `create` makes the file.
Result<SqliteHandle> open_handle(const std::string& path, bool create);
// Runs text without binds or results.
Result<void> execute(sqlite3* db, const std::string& text);

class SqliteSession final : public Session {
 public:
  explicit SqliteSession(SqliteHandle db) : db_(std::move(db)) {}

  Result<RunResult> run(const Statement&, std::span<const Value> binds, const RowSink& sink) override;
  Result<void> run_script(std::string_view text) override;
  Result<std::vector<std::string>> table_scans(const Statement&) override;
  Result<void> begin_read() override { return execute(db_.get(), "BEGIN"); }
  Result<void> begin_write() override { return execute(db_.get(), "BEGIN IMMEDIATE"); }
  Result<void> begin_schema_change() override { return begin_write(); }
  Result<bool> has_table(std::string_view name) override;
  Result<void> commit() override;
  void rollback() override;
  void announce(std::uint64_t) override {}
  Result<void> savepoint() override { return execute(db_.get(), "SAVEPOINT w"); }
  Result<void> release() override { return execute(db_.get(), "RELEASE w"); }
  Result<void> rollback_to_savepoint() override { return execute(db_.get(), "ROLLBACK TO w"); }

 private:
  Result<SqliteStatement> prepare(const Statement&, bool keep);
  Result<sqlite3_stmt*> cached(const Statement&);
  Result<RunResult> step_through(sqlite3_stmt*, const Statement&, const RowSink&);

  SqliteHandle db_;
  // By the addresses of text and columns, which are constants: no hashing of long texts.
  std::map<std::pair<const char*, const char*>, SqliteStatement, std::less<>> prepared_;
};

}  // namespace allauth::sql
