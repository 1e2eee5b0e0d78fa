// Which engine a database is on is told by what it is called.
#pragma once

#include <memory>
#include <string>

#include "store/sql/session.h"

namespace allauth::sql {

// `location` is the path of the embedded database's file. Errors: those of the engine (sqlite.h).
Result<std::unique_ptr<Database>> open_database(const std::string& location);

}  // namespace allauth::sql
