// The one seam between AllAuth and a database engine. Statements are synchronous; each session keeps
// what it has prepared. Engines live below this folder and nowhere else.
//
// Errors, the same for every engine (detail holds the engine's own words):
//   conflict     row.exists           a unique column or key is taken
//   conflict     row.reference        a row referred to is missing, or the row is still referred to
//   invalid      row.text             text that is not UTF-8 or holds U+0000 (checked before any engine)
//   invalid      row.too_large        a value is beyond the engine's limits
//   unavailable  store.locked         another connection holds a lock for too long, or the statement took
//                                     too long
//   unavailable  store.full           no space left on the device
//   unavailable  store.corrupt        the database is damaged, or is none
//   unavailable  store.io             reading or writing failed
//   unavailable  store.unreachable    the server does not answer, or has ended the connection; of
//                                     commit(): whether it took place is not known
//   unavailable  store.tls, store.login, store.no_database, store.privileges, store.password_file
//                                     why a server lets nobody in, when a session connects (again)
//   unavailable  store.read_only      the server takes no changes: a standby, or one being maintained
//   unavailable  store.serialization  the engine gave up the transaction for the sake of another one; run
//                                     it again
//   bug          store.sql            the statement does not fit the schema, or breaks a CHECK
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "store/sql/listening.h"
#include "store/sql/statement.h"
#include "store/sql/value.h"

namespace allauth::sql {

struct RunResult {
  std::int64_t rows_changed = 0;
};

// One connection. Not thread-safe; used by one thread at a time.
class Session {
 public:
  virtual ~Session() = default;

  virtual Result<RunResult> run(const Statement&, std::span<const Value> binds = {},
                                const RowSink& sink = {}) = 0;
  // The same statement with each of these binds, in order, until one fails; for statements that answer no
  // rows. An engine may send many of them at once.
  virtual Result<void> run_each(const Statement& statement, std::span<const std::vector<Value>> rows) {
    for (const auto& binds : rows) TRY(run(statement, binds));
    return {};
  }
  // Several statements without binds, for migrations. `text` holds the words of store/migrations.
  virtual Result<void> run_script(std::string_view text) = 0;
  // For tests: those steps of the engine's plan that read a whole table or sort what they have read,
  // in its own words. Not within a transaction.
  virtual Result<std::vector<std::string>> table_scans(const Statement&) = 0;

  // A transaction that sees one state of the database until its end and writes nothing.
  virtual Result<void> begin_read() = 0;
  // A transaction that may write. Concurrent ones are serialised here or at the first {for update}.
  // Both begin_*() connect again if the connection was lost.
  virtual Result<void> begin_write() = 0;
  // On success everything written is on disk. On failure the transaction is over, and nothing of it is
  // there; after store.unreachable it may be there all the same.
  virtual Result<void> commit() = 0;
  virtual void rollback() = 0;
  // Within begin_write(): who listens to the database hears of this revision once it is committed. Nothing
  // where nobody can; never a reason for a commit to fail.
  virtual void announce(std::uint64_t revision) = 0;

  // A begin_write() in which tables may be made and changed: no other such transaction runs beside it,
  // and no reader or writer of the log stands in its way. Gives up with store.locked, rather than to make
  // all others wait for long.
  virtual Result<void> begin_schema_change() = 0;
  virtual Result<bool> has_table(std::string_view name) = 0;

  // One level of nesting within begin_write(). An engine may send savepoint() and release() together with
  // the next statement, which then has their error. Where rollback_to_savepoint() fails, the transaction is
  // of no use.
  virtual Result<void> savepoint() = 0;
  virtual Result<void> release() = 0;
  virtual Result<void> rollback_to_savepoint() = 0;
};

// A database that sessions connect to. Thread-safe; outlives its sessions.
class Database {
 public:
  enum class Access { read_only, read_write };

  virtual ~Database() = default;
  virtual Result<std::unique_ptr<Session>> connect(Access) = 0;
  // Whether other processes may write to it. If not, none can open it while this exists.
  virtual bool shared() const = 0;
  // Passes on what is announced (also by this process) for as long as the result lives, which the database
  // outlives. Null: the engine knows no such thing.
  virtual std::unique_ptr<Listening> listen(Hints) = 0;
};

}  // namespace allauth::sql
