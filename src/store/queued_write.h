// A write whose result type is out of sight, as it waits for the writer.
#pragma once

#include <functional>

#include "base/error.h"
#include "store/write.h"

namespace allauth::store {

struct QueuedWrite {
  std::move_only_function<Result<void>() const> recheck;  // may be empty
  std::move_only_function<Result<void>(Tx&) const> run;
  std::move_only_function<void(Result<Revision>)> complete;
  int runs = 0;  // how often the engine gave up the transaction that it was in
};

}  // namespace allauth::store
