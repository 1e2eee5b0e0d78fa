// The calls under way, for those who look at all of them now and then. Thread-safe.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <memory>
#include <mutex>

#include "base/clock.h"

namespace allauth::net {

// One entry. What is derived from it is held by a shared_ptr while it is in the list.
class RpcListed : public std::enable_shared_from_this<RpcListed> {
 public:
  virtual ~RpcListed() = default;
  // Called when the time set with due_at() has come, each time the list is swept.
  virtual void overdue(Tick now) = 0;

 protected:
  void due_at(Tick at) { due_.store(at, std::memory_order_relaxed); }

 private:
  friend class RpcCallList;
  std::atomic<Tick> due_{Tick::max()};
  RpcListed* next_ = nullptr;
  RpcListed* previous_ = nullptr;
};

class RpcCallList {
 public:
  void add(RpcListed& call);
  void remove(RpcListed& call);
  void sweep(Tick now);

 private:
  // Several, so that calls on different threads seldom meet.
  struct Part {
    std::mutex mutex;
    RpcListed* first = nullptr;
  };
  Part& part_of(const RpcListed& call);
  std::array<Part, 16> parts_;
};

}  // namespace allauth::net
