// Those who watch the log over the API. One thread tells them all; what is not in memory any more is read by
// the pool of readers, a page at a time and only for who asks for more, so a watcher that takes nothing costs
// nothing but its place.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "app/access/gate.h"
#include "app/watch/watcher.h"
#include "base/metrics.h"
#include "store/store.h"

namespace allauth::app {

struct WatchOptions {
  std::size_t max_watchers = 256;
  std::size_t max_per_principal = 8;
  Millis heartbeat{5000};
  Millis patience{30'000};  // who takes nothing for so long is cut off
  Millis look{200};         // how often it is looked whether watchers still may
};

// Thread-safe. All that it is given is borrowed and must outlive it.
class Watching {
 public:
  // Runs a job on another thread; false at once if its queue is full.
  using Submit = std::function<bool(std::move_only_function<void()>)>;
  struct Deps {
    store::Store& store;
    Clock& clock;
    Metrics& metrics;
    Submit readers;
  };
  // Follows the store from now on; the store must be closed before it goes. Errors: those of Store::follow.
  static Result<std::unique_ptr<Watching>> start(Deps deps, WatchOptions options);
  ~Watching() { stop(); }

  // Calls `opened` once, perhaps on another thread: after `from`, or from now on. Errors: conflict
  // log.compacted, log.replaced; exhausted watch.too_many, server.busy; unavailable server.stopping, store.*.
  using Opened = std::move_only_function<void(Result<std::shared_ptr<Watcher>>)>;
  void open(Watcher::Asked asked, std::optional<store::LogCursor> from, Opened opened);

  // Ends all with server.stopping, and the thread. Idempotent.
  void stop();

 private:
  using Watchers = std::vector<std::shared_ptr<Watcher>>;

  Watching(Deps deps, WatchOptions options);
  Result<std::shared_ptr<Watcher>> add(Watcher::Asked asked, store::LogCursor from);
  void run(const std::stop_token& stop);
  Watchers all() const;
  void forget_gone();
  void count();  // with the lock held
  void serve(const std::shared_ptr<Watcher>& watcher, Tick now);
  void tell_some(Watcher& watcher, Tick now);
  bool find_more(const std::shared_ptr<Watcher>& watcher, Tick now);
  bool take_read(Watcher& watcher, Tick now);
  void read_for(const std::shared_ptr<Watcher>& watcher);

  const Deps deps_;
  const WatchOptions options_;
  RecentActs recent_;
  const std::shared_ptr<WatchBell> bell_ = std::make_shared<WatchBell>();
  Gauge& watchers_gauge_;
  Counter& cut_;

  std::atomic<bool> watched_{false};  // by anybody: else the writer's thread rings for nobody

  mutable std::mutex mutex_;  // guards what follows
  bool stopping_ = false;
  Watchers watchers_;
  std::jthread thread_;
};

// How the API makes one: the permit is confirmed again for as long as the watching lasts.
template <class Act>
Watcher::Asked watch_as(const Core& core, Permit<Act> permit, WatchFilter filter) {
  const auto held = std::make_shared<const Permit<Act>>(std::move(permit));
  return {.who = held->caller().who.principal, .filter = std::move(filter), .may = [&core, held] {
            return Gate(core).confirm(*held);
          }};
}

}  // namespace allauth::app
