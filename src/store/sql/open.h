// Which engine a database is on is told by what it is called.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/log.h"
#include "store/sql/session.h"

namespace allauth::sql {

struct DatabaseOptions {
  Millis lock_timeout{5000};  // the longest wait for a lock
  // To read only, beside a server that may be using the database; it has to be there.
  bool only_reads = false;
  // For engines behind a network:
  Millis statement_timeout{30'000};
  Millis connect_timeout{5000};
  std::string password_file{};  // read at each connect; empty: none
};

// True if the location is a URL, so that the database is not on a file of this machine.
bool is_url(std::string_view location);

// `location` is a `postgresql://` or `postgres://` URL, or the path of the embedded database's file. The
// clock and the log (for what happens to connections) outlive the database. Errors: those of the engine
// (sqlite.h, postgres.h).
Result<std::unique_ptr<Database>> open_database(const std::string& location, Clock&, Log&,
                                                const DatabaseOptions& = {});

}  // namespace allauth::sql
