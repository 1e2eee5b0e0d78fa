// The embedded engine: one SQLite file in WAL mode, every commit synced to disk.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "store/sql/session.h"

namespace allauth::sql {

struct SqliteOptions {
  std::string path;
  std::chrono::milliseconds lock_timeout{5000};
  bool only_reads = false;
};

// Opens the file, creating it if there is none. Holds `<path>.lock` for as long as it lives; `only_reads`
// does neither, so that it works beside the process that holds it.
// Errors: not_found store.missing (only reads, and no file), conflict store.in_use (another process has
// it open), unavailable store.corrupt (empty, damaged or not a database: never created anew), unsupported
// store.foreign (a database of another program), unavailable store.io (no such folder, no right to write).
Result<std::unique_ptr<Database>> open_sqlite(SqliteOptions);

}  // namespace allauth::sql
