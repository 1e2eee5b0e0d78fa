// The schema and its history. Each migration is a numbered constant that never changes once released:
// its checksum is kept in the database and compared at every start.
//
// Nodes of two versions run on one database during an upgrade, so a change that older programs would
// notice takes three migrations: one that adds, one that fills in rows, and, in a later version, one
// that takes away (docs/decisions/014-expand-migrate-contract.md).
#pragma once

#include <functional>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "store/sql/session.h"
#include "store/write.h"

namespace allauth::store {

enum class Phase : std::uint8_t {
  expand,    // adds what older programs need not know: tables, columns with a default
  migrate,   // fills in rows, while nodes run
  contract,  // takes away what older programs use
};
std::string_view to_string(Phase);

// One batch of a migration of rows: changes at most `limit` of those after `position`, in the order of
// their keys, with the functions of store/rows.h, so that followers of the log see it. Answers where to
// go on, or nothing when there are no more. `position` is empty at the beginning.
using Backfill = Result<std::optional<std::string>> (*)(Tx&, std::string_view position, std::size_t limit);

struct Migration {
  int version;         // 1, 2, 3 …
  int min_compatible;  // programs that know at least this version can work with the result
  // SQL in the shared subset, several statements that change the schema and no row of the directory.
  // Words: {{int}} {{text}} {{blob}} for column types, {{table}} after a table's columns, or
  // {{clustered}} for one of short rows kept in key order.
  std::string_view text;
  Phase phase = Phase::expand;
  Backfill backfill = nullptr;  // of Phase::migrate
};

// All migrations that this program knows, oldest first.
std::span<const Migration> migrations();
// Those of this version's source, which a test build of the next version adds to.
std::span<const Migration> released_migrations();

inline constexpr std::size_t kBackfillRows = 1000;

struct MigrateOptions {
  int to = std::numeric_limits<int>::max();  // no further than this version
  std::size_t rows = kBackfillRows;          // of a backfill in one transaction
  bool force = false;                        // take away what nodes that are there may still use
  // Called before each migration, with 0, and after each batch of its rows.
  std::function<void(const Migration&, int batches)> progress{};
};

// Brings the database to the newest of `known`. Each migration is done completely or not at all, but for
// its rows: those go in batches, and the next call goes on where the last one ended. Several processes
// may do so at once. Errors: those of sql/session.h; unsupported store.migration.changed (one that was
// applied is not the one we know); unsupported store.schema.too_new (a newer program has changed the
// database incompatibly); conflict store.nodes.older (the next step takes away what a node uses that was
// seen lately).
Result<void> migrate(sql::Session&, std::span<const Migration> known, Clock&, Entropy&,
                     const MigrateOptions& = {});

// The rows of one migration from the beginning to the end, for rows that came into the database after it:
// those of an older backup.
Result<void> fill_in_rows(sql::Session&, const Migration&, Clock&, Entropy&);

// Whether a program that knows these can work with the database as it is; it may lack steps that only
// take away. Errors: as above; unavailable store.schema.behind.
Result<void> require_migrated(sql::Session&, std::span<const Migration> known);

// How far the database is.
struct SchemaStatus {
  struct Step {
    enum class State : std::uint8_t { applied, under_way, pending };
    int version = 0;
    std::optional<Phase> phase;  // of those that this program knows
    State state = State::pending;
    Instant applied_at{};
  };
  std::vector<Step> steps;  // all that are known or applied, oldest first
  int applied = 0;          // the newest that is applied; 0: none
  int min_compatible = 0;   // programs must know this one
};
Result<SchemaStatus> read_schema(sql::Session&, std::span<const Migration> known);

}  // namespace allauth::store
