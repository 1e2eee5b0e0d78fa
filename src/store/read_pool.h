// A fixed set of reading sessions, lent out one at a time.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "store/read.h"

namespace allauth::store {

// Thread-safe.
class ReadPool {
 public:
  ReadPool(std::vector<std::unique_ptr<sql::Session>> sessions, Millis longest_wait)
      : free_(std::move(sessions)), longest_wait_(longest_wait) {}

  // Calls `fn` in a read transaction. exhausted store.busy when no session is free for too long.
  Result<void> run(const std::function<void(Read&)>& fn);

 private:
  class Loan;
  std::unique_ptr<sql::Session> acquire();  // null after the longest wait
  void give_back(std::unique_ptr<sql::Session>);

  std::mutex mutex_;
  std::condition_variable returned_;
  std::vector<std::unique_ptr<sql::Session>> free_;
  const Millis longest_wait_;
};

}  // namespace allauth::store
