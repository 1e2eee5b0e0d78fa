#include "store/sql/open.h"

#include "store/sql/sqlite.h"

namespace allauth::sql {

bool is_url(std::string_view location) {
  return location.starts_with("postgresql://") || location.starts_with("postgres://");
}

Result<std::unique_ptr<Database>> open_database(const std::string& location, Clock&, Log&,
                                                const DatabaseOptions& options) {
  if (is_url(location))
    return fail(Code::unsupported, "store.engine", "This build has no engine for that kind of database.");
  return open_sqlite({.path = location, .lock_timeout = options.lock_timeout});
}

}  // namespace allauth::sql
