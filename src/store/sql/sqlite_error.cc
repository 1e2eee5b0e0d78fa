#include "store/sql/sqlite_error.h"

#include <cerrno>

#include <fmt/format.h>
#include <sqlite3.h>

namespace allauth::sql {
namespace {

Error of_constraint(int code) {
  switch (code) {
    case SQLITE_CONSTRAINT_UNIQUE:
    case SQLITE_CONSTRAINT_PRIMARYKEY:
    case SQLITE_CONSTRAINT_ROWID:
      return {Code::conflict, "row.exists", "There is one with this key or name already."};
    case SQLITE_CONSTRAINT_FOREIGNKEY:
      return {Code::conflict, "row.reference",
              "It refers to something that does not exist, or something still refers to it."};
    default:
      return {Code::bug, "store.sql", "A row breaks a rule of its table."};
  }
}

Error full() { return {Code::unavailable, "store.full", "There is no space left for the database."}; }

// SQLite says "full" for its main writes only; elsewhere (its shared memory) it is an I/O error with the
// system's reason beside it.
bool lacks_space(int code, sqlite3* db) {
  if ((code & 0xFF) != SQLITE_IOERR || db == nullptr) return false;
  const int reason = sqlite3_system_errno(db);
  return reason == ENOSPC || reason == EDQUOT;
}

Error of_code(int code) {
  switch (code & 0xFF) {
    case SQLITE_CONSTRAINT:
      return of_constraint(code);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return {Code::unavailable, "store.locked", "The database is locked by another program."};
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return corrupt("The database is damaged; restore it from a backup.");
    case SQLITE_FULL:
      return full();
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
    case SQLITE_READONLY:
    case SQLITE_NOMEM:
    case SQLITE_PROTOCOL:
    case SQLITE_INTERRUPT:
      return {Code::unavailable, "store.io", "The database could not be read or written."};
    case SQLITE_TOOBIG:
      return {Code::invalid, "row.too_large", "A value is too large to be stored."};
    default:
      return {Code::bug, "store.sql", "A statement does not fit the database."};
  }
}

}  // namespace

Error corrupt(std::string message, std::string detail) {
  return {Code::unavailable, "store.corrupt", std::move(message), {}, std::move(detail)};
}

Error to_error(int code, sqlite3* db, std::string_view during) {
  Error error = lacks_space(code, db) ? full() : of_code(code);
  error.detail = fmt::format("{}: {} ({})", during, db ? sqlite3_errmsg(db) : sqlite3_errstr(code), code);
  return error;
}

}  // namespace allauth::sql
