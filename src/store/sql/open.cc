#include "store/sql/open.h"

#include "store/sql/postgres.h"
#include "store/sql/sqlite.h"

namespace allauth::sql {

bool is_url(std::string_view location) {
  return location.starts_with("postgresql://") || location.starts_with("postgres://");
}

Result<std::unique_ptr<Database>> open_database(const std::string& location, Clock& clock, Log& log,
                                                const DatabaseOptions& options) {
  if (is_url(location)) return open_postgres(location, clock, log, options);
  return open_sqlite(
      {.path = location, .lock_timeout = options.lock_timeout, .only_reads = options.only_reads});
}

}  // namespace allauth::sql
