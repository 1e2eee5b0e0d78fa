// Those who follow the log within this process.
#pragma once

#include <functional>

#include "store/log.h"
#include "store/read.h"

namespace allauth::store {

// All are called on the writer's thread, and none may write;
// each may be empty.
struct LogFollower {
  // Takes in the whole state as `read` sees it: once at the beginning, and again whenever the log cannot
  // be followed from where it was. Until it has succeeded, `applied` is not called.
  std::function<Result<void>(Read& read)> load{};
  // What was committed since, each entry once, in order, without a gap. Must not throw: the process ends
  // rather than go on with a change missed.
  std::function<void(const AppliedBatch&)> applied{};
  // The newest of them was committed by this process.
  std::function<void(Revision)> committed{};
  // The database was reached, and all that it holds has been applied.
  std::function<void()> contact{};
};

}  // namespace allauth::store
