// Makes a backup: the state and the acts of the log, as one transaction sees them, while others write.
#pragma once

#include <functional>
#include <span>
#include <string_view>

#include "store/backup/frames.h"
#include "store/migrate.h"

namespace allauth::store::backup {

struct Progress {
  std::uint64_t records = 0;
  std::uint64_t of = 0;  // 0: not known
  std::uint64_t bytes = 0;
};
using OnProgress = std::function<void(const Progress&)>;  // called for each frame

struct Summary {
  Header header;
  Counts counts;
  std::uint64_t bytes = 0;
};

struct WriteOptions {
  std::string_view program;  // its version, for those who read the backup
  Instant now;
  std::span<const Migration> migrations;  // what this program knows
  OnProgress progress{};
};

// Errors: those of sql/session.h and of the sink; unavailable store.schema.behind and unsupported
// backup.schema (this program would leave out what it does not know); unavailable
// store.restore.unfinished.
Result<Summary> write_backup(sql::Session&, const WriteOptions&, ByteSink);

}  // namespace allauth::store::backup
