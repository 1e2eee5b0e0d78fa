// How a coroutine waits for something that other code of its loop will tell it: an answer posted by
// a worker thread, the other half of a proxied connection.
#pragma once

#include <cstddef>

#include <boost/asio/awaitable.hpp>

namespace allauth::net {

class IoPool;

// An auto-reset event with one waiter at most. All calls on the loop's thread; another thread
// signals through IoPool::post. Destroying it while a coroutine waits destroys that coroutine.
class Signal {
 public:
  Signal(IoPool& pool, std::size_t index);
  ~Signal();
  Signal(const Signal&) = delete;
  Signal& operator=(const Signal&) = delete;

  // Returns after the next set(), or at once if one came since the last wait.
  boost::asio::awaitable<void> wait();
  // Wakes the waiter, later, never inside the call.
  void set();

 private:
  friend class SignalList;
  struct Waiter;
  IoPool& pool_;
  const std::size_t index_;
  Waiter* waiter_ = nullptr;
  bool set_ = false;
};

// The waiting coroutines of one loop, so that they can be destroyed with it. Owned by IoPool.
class SignalList {
 public:
  void drop_all();

 private:
  friend class Signal;
  Signal::Waiter* head_ = nullptr;
};

}  // namespace allauth::net
