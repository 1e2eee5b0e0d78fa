#include "net/io.h"

#include <optional>
#include <string>
#include <thread>
#include <utility>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <pthread.h>

#include "net/deadlines.h"
#include "net/signal.h"

namespace allauth::net {
namespace asio = boost::asio;

// Members are destroyed bottom up: the timer before its context, the context (and with it all
// coroutines) before the lists that their deadlines and signals are linked into.
struct IoPool::Loop {
  Loop(IoPool& pool, Millis sweep)
      : deadlines([this] { arm(); }),
        context(1),
        work(asio::make_work_guard(context)),
        timer(context),
        clock(pool.clock_),
        interval(sweep) {}

  void arm() {
    timer.expires_after(interval);
    timer.async_wait([this](boost::system::error_code error) {
      if (!error && deadlines.sweep(clock.tick())) arm();
    });
  }

  Deadlines deadlines;
  SignalList signals;
  asio::io_context context;
  asio::executor_work_guard<asio::io_context::executor_type> work;
  asio::steady_timer timer;
  Clock& clock;
  Millis interval;
  std::thread thread;
};

IoPool::IoPool(IoOptions options, Clock& clock, Log& log, Metrics& metrics)
    : clock_(clock),
      log_(log),
      metrics_(metrics),
      failures_(metrics.counter("allauth_net_handler_failures_total",
                                "Exceptions that escaped a handler on an I/O thread")) {
  for (std::size_t i = 0; i < std::max<std::size_t>(options.threads, 1); ++i)
    loops_.push_back(std::make_unique<Loop>(*this, options.sweep));
}

IoPool::~IoPool() {
  stop();
  for (auto& loop : loops_) loop->signals.drop_all();
}

void IoPool::start() {
  if (running_.exchange(true)) return;
  for (std::size_t i = 0; i < loops_.size(); ++i) {
    loops_[i]->thread = std::thread([this, i] { run(*loops_[i]); });
    const std::string name = fmt::format("io-{}", i);
    pthread_setname_np(loops_[i]->thread.native_handle(), name.substr(0, 15).c_str());
  }
}

void IoPool::stop() {
  running_ = false;
  for (auto& loop : loops_) loop->context.stop();
  for (auto& loop : loops_)
    if (loop->thread.joinable()) loop->thread.join();
}

void IoPool::run(Loop& loop) {
  for (;;) {
    try {
      loop.context.run();
      return;
    } catch (...) {
      failed(std::current_exception());
    }
  }
}

void IoPool::failed(std::exception_ptr error) {
  failures_.add();
  try {
    std::rethrow_exception(std::move(error));
  } catch (const std::exception& e) {
    log_.error("a handler failed on an I/O thread", {{"what", std::string_view(e.what())}});
  } catch (...) {
    log_.error("a handler failed on an I/O thread", {{"what", "an unknown exception"}});
  }
}

void IoPool::post(std::size_t index, std::move_only_function<void()> fn) {
  asio::post(loops_.at(index)->context, std::move(fn));
}

bool IoPool::inside(std::size_t index) const {
  return loops_.at(index)->context.get_executor().running_in_this_thread();
}

asio::io_context& IoPool::context(std::size_t index) { return loops_.at(index)->context; }
Deadlines& IoPool::deadlines(std::size_t index) { return loops_.at(index)->deadlines; }
SignalList& IoPool::signals(std::size_t index) { return loops_.at(index)->signals; }

}  // namespace allauth::net
