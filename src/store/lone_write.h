// A write without a Store around it, for migrations: one entry of the log in a transaction of its own.
#pragma once

#include <functional>

#include "base/clock.h"
#include "store/sql/session.h"
#include "store/write.h"

namespace allauth::store {

// Errors: those of `run` and of sql/session.h; nothing is changed then.
Result<void> write_alone(sql::Session&, Clock&, Entropy&, const std::function<Result<void>(Tx&)>& run);

}  // namespace allauth::store
