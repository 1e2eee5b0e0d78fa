// Damage that SQLite itself does not look for when it opens a database.
#pragma once

#include <string>

#include "base/error.h"

struct sqlite3;

namespace allauth::sql {

// Before SQLite has opened the database at `path`: its "-wal" file is whole, but perhaps for what was being
// written when the machine stopped. SQLite takes the first frame whose checksum is wrong for the end of the
// file, and would go on without all changes after it. Errors: unavailable store.corrupt, store.io.
Result<void> check_wal(const std::string& path);

// Reads every page: each is one, and belongs where it is (PRAGMA quick_check). Errors: unavailable
// store.corrupt.
Result<void> check_pages(sqlite3* db, const std::string& path);

}  // namespace allauth::sql
