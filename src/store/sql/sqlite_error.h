// SQLite's result codes as our Errors (the table in session.h).
#pragma once

#include <string_view>

#include "base/error.h"

struct sqlite3;

namespace allauth::sql {

// `code` is an extended result code; `during` names the statement or step, for the detail.
Error to_error(int code, sqlite3* db, std::string_view during);

Error corrupt(std::string message, std::string detail = {});

}  // namespace allauth::sql
