// Tells operators which statements take long: by name, never with a value.
#pragma once

#include <memory>

#include "base/clock.h"
#include "base/log.h"
#include "store/sql/session.h"

namespace allauth::sql {

// The same database; a statement or commit of it that takes at least so long is logged as "slow statement",
// at warn, with the time that handing on its rows took. Clock and Log outlive it.
std::unique_ptr<Database> with_slow_log(std::unique_ptr<Database> database, Clock& clock, Log& log,
                                        Millis slow);

}  // namespace allauth::sql
