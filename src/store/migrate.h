// The schema and its history. Each migration is a numbered constant that never changes once released:
// its checksum is kept in the database and compared at every start.
#pragma once

#include <span>
#include <string_view>

#include "base/clock.h"
#include "base/error.h"
#include "store/sql/session.h"

namespace allauth::store {

struct Migration {
  int version;         // 1, 2, 3 …
  int min_compatible;  // programs that know at least this version can work with the result
  // SQL in the shared subset, several statements. Words: {{int}} {{text}} {{blob}} for column types,
  // {{table}} after a table's columns, or {{clustered}} for one of short rows kept in key order.
  std::string_view text;
};

// All migrations, oldest first.
std::span<const Migration> migrations();

// Brings the database to the newest of `known`, all or nothing. Errors: those of sql/session.h;
// unsupported store.migration.changed (one that was applied is not the one we know);
// unsupported store.schema.too_new (a newer program has changed the database incompatibly).
Result<void> migrate(sql::Session&, std::span<const Migration> known, Instant now);

}  // namespace allauth::store
