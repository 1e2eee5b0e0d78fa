// The mark of a database whose restore is under way, or was interrupted. It holds part of a directory, so
// nobody may serve it.
#pragma once

#include "base/error.h"
#include "store/sql/session.h"

namespace allauth::store {

Result<bool> is_restoring(sql::Session&);
Result<void> begin_restoring(sql::Session&);
Result<void> end_restoring(sql::Session&);

// Error: unavailable store.restore.unfinished.
Result<void> require_no_restore(sql::Session&);

}  // namespace allauth::store
