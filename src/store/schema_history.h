// What the database remembers of its migrations: the rows of schema_version, and in schema_progress how
// far a migration of rows has come.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "store/migrate.h"

namespace allauth::store {

struct AppliedMigration {
  std::int64_t version;
  std::string checksum;
  std::int64_t min_compatible;
  Instant at;
};

// Makes the two tables if they are not there.
Result<void> prepare_history(sql::Session&);
// Oldest first; none if the tables are not there.
Result<std::vector<AppliedMigration>> read_applied(sql::Session&);
// What was applied must be a beginning of what we know, or go beyond it compatibly. Errors:
// store.migration.changed, store.schema.too_new.
Result<void> check_history(std::span<const AppliedMigration>, std::span<const Migration> known);
Result<void> record_applied(sql::Session&, const Migration&, Instant now);

// The position that the migration's backfill has reached; nothing when it is not under way.
Result<std::optional<std::string>> read_progress(sql::Session&, int version);
Result<void> begin_progress(sql::Session&, int version);
Result<void> move_progress(sql::Session&, int version, std::string_view position);
Result<void> end_progress(sql::Session&, int version);

}  // namespace allauth::store
