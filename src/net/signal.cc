#include "net/signal.h"

#include <functional>
#include <memory>
#include <utility>

#include <boost/asio/async_result.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "net/io.h"

namespace allauth::net {
namespace asio = boost::asio;

struct Signal::Waiter {
  Waiter(Signal& s, SignalList& l, std::move_only_function<void()> h)
      : signal(s), list(l), handler(std::move(h)), next(l.head_) {
    if (next) next->previous = this;
    list.head_ = this;
  }
  ~Waiter() {
    if (next) next->previous = previous;
    (previous ? previous->next : list.head_) = next;
  }
  Waiter(const Waiter&) = delete;
  Waiter& operator=(const Waiter&) = delete;

  Signal& signal;
  SignalList& list;
  std::move_only_function<void()> handler;
  Waiter* next;
  Waiter* previous = nullptr;
};

Signal::Signal(IoPool& pool, std::size_t index) : pool_(pool), index_(index) {}

// The handler owns the waiting coroutine: destroying one destroys the other.
Signal::~Signal() { delete std::exchange(waiter_, nullptr); }

asio::awaitable<void> Signal::wait() {
  if (!std::exchange(set_, false)) {
    co_await asio::async_initiate<decltype(asio::use_awaitable), void()>(
        [this](auto&& handler) {
          waiter_ = new Waiter(*this, pool_.signals(index_), std::forward<decltype(handler)>(handler));
        },
        asio::use_awaitable);
  }
}

void Signal::set() {
  if (!waiter_) {
    set_ = true;
    return;
  }
  const std::unique_ptr<Waiter> waiter(std::exchange(waiter_, nullptr));
  pool_.post(index_, std::move(waiter->handler));
}

void SignalList::drop_all() {
  while (head_) {
    const std::unique_ptr<Signal::Waiter> waiter(head_);
    waiter->signal.waiter_ = nullptr;
    // The coroutine may own the Signal, and goes with the handler.
    const auto handler = std::move(waiter->handler);
  }
}

}  // namespace allauth::net
