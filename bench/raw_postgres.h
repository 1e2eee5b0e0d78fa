// A baseline of the writes row: the same rows as the store wrote, in the same batches, through libpq alone,
// with statements that are prepared once. No savepoints, checks, images made or snapshot fed.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "store/log.h"

namespace allauth::bench {

// As replay_on_sqlite() and count_on_sqlite() (raw_sqlite.h), by the URL of the database.
Result<double> replay_on_postgres(const std::string& url, const std::string& domain,
                                  std::span<const store::LogEntry> entries,
                                  const std::vector<std::size_t>& batches);
Result<std::int64_t> count_on_postgres(const std::string& url);

}  // namespace allauth::bench
