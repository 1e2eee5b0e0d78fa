// PostgreSQL's error codes (SQLSTATE) as our Errors (the table in session.h).
// Source: https://www.postgresql.org/docs/15/errcodes-appendix.html
#pragma once

#include <string_view>

#include "base/error.h"

struct pg_result;

namespace allauth::sql {

// Of a statement that the server refused; `during` names it, for the detail. Values of the row are not
// in the detail: the server tells them apart from its message.
Error to_error(const pg_result*, std::string_view during);

// Of an attempt to connect, by what libpq says about it at its most verbose.
Error to_connect_error(std::string_view said);

// The connection is gone, or the server did not answer in time.
Error unreachable(std::string_view during, std::string_view said);

}  // namespace allauth::sql
