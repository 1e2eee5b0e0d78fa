// The state as images: what the log would hold if every row had been written just now. Who starts to
// follow the log, or fell too far behind it, begins with this; backup and export read it too.
#pragma once

#include <functional>

#include "store/log.h"
#include "store/read.h"

namespace allauth::store {

using TakeImage = std::function<Result<void>(Image)>;

// Gives every row that `audience` may see: Audience::all leaves out what only nodes with a database
// hold, Audience::node leaves out nothing. It is the state at read.revision(). Kinds come in the order
// of model/all_rows.h, rows of a kind in the order of their keys. Read in pages: a table may be larger
// than memory. An error of `take` ends the walk and is answered.
Result<void> read_state(Read& read, Audience audience, const TakeImage& take);

}  // namespace allauth::store
