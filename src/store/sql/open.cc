#include "store/sql/open.h"

#include "store/sql/sqlite.h"

namespace allauth::sql {

Result<std::unique_ptr<Database>> open_database(const std::string& location) {
  return open_sqlite({.path = location});
}

}  // namespace allauth::sql
