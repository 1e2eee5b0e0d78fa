// The tables of the log as a backup takes and gives them: acts without images, and the head.
#pragma once

#include <cstdint>
#include <span>

#include "store/backup/format.h"
#include "store/read.h"
#include "store/sql/session.h"

namespace allauth::store::backup {

// All entries that the log still has, oldest first; without images.
Result<void> read_acts(Read&, const TakeEntry& take);
Result<std::int64_t> count_acts(Read&);

Result<void> insert_acts(sql::Session&, std::span<const LogEntry>);
Result<void> set_head(sql::Session&, const LogHead&);
// Entries, images and the head as in a new database.
Result<void> erase_log(sql::Session&);

}  // namespace allauth::store::backup
