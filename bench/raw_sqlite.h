// A baseline of the writes row: the same rows as the store wrote, in the same batches, through the C API
// alone. No savepoints, checks, images made or snapshot fed: what SQLite itself costs.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "store/log.h"

namespace allauth::bench {

// Seconds to write the entries, `batches[i]` of them in the i-th transaction, to a database that holds
// what they refer to. Each entry is about one connection of the domain.
Result<double> replay_on_sqlite(const std::string& path, const std::string& domain,
                                std::span<const store::LogEntry> entries,
                                const std::vector<std::size_t>& batches);

// The median of the microseconds that it takes to read so many users behind a place in the order of their
// names, all columns of them.
Result<double> page_on_sqlite(const std::string& path, const std::string& name, const std::string& id,
                              std::size_t rows, std::size_t times);

// The number of connections in it.
Result<std::int64_t> count_on_sqlite(const std::string& path);

}  // namespace allauth::bench
