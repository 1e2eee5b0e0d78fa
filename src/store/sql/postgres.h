// The shared engine: a database on a PostgreSQL server, version 13 or newer. Writers of all processes
// follow one another by the lock on the head of the log (store/log.h); a read sees one snapshot.
#pragma once

#include <memory>
#include <string>

#include "store/sql/open.h"

namespace allauth::sql {

// Connects once, to see that it can. Errors, besides those of session.h: invalid store.url,
// unsupported store.version, store.encoding, store.foreign (the database holds tables of another
// program); unavailable store.unreachable, store.tls, store.login, store.no_database,
// store.privileges, store.password_file, store.read_only: each says what to look at, none shows a
// password.
Result<std::unique_ptr<Database>> open_postgres(const std::string& url, Clock&, Log&, const DatabaseOptions&);

}  // namespace allauth::sql
