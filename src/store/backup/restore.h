// Puts a backup into an empty database, of whichever engine.
#pragma once

#include <cstddef>
#include <span>

#include "store/backup/read_backup.h"
#include "store/migrate.h"
#include "store/sql/session.h"

namespace allauth::store::backup {

struct RestoreOptions {
  Clock& clock;
  Entropy& entropy;
  std::span<const Migration> migrations;  // what this program knows
  std::size_t rows = 50'000;              // in one transaction
  OnProgress progress{};
};

// Whether this program can restore a backup with this header. Error: unsupported backup.schema.
Result<void> require_restorable(const Header&, std::span<const Migration> known);

// Whether the database holds nothing, or a restore that was interrupted. Error: conflict
// restore.not_empty.
Result<void> require_empty(sql::Session&);

// The backup has to be verified before. The first transaction marks the database, the last one takes the
// mark away: in between, and when this is interrupted, no store opens on it (store.restore.unfinished),
// and a restore begins anew. The revision and its tag are those of the backup; of the log there are the
// acts. Errors: as above; those of read_backup(), of sql/session.h and of store/migrate.h; conflict
// restore.not_alone when another program has written to the database meanwhile.
Result<Summary> restore_backup(sql::Session&, ByteSource, const RestoreOptions&);

}  // namespace allauth::store::backup
