// The sending side of the log stream: hands the log of a store to those who follow it over the network.
// Each follower has a thread that reads for it and a pipe that bounds what it has not taken yet. While the
// state here is too old to decide by, nobody is fed: there may be another node that knows more.
#pragma once

#include <condition_variable>
#include <list>
#include <memory>
#include <mutex>
#include <thread>

#include "base/log.h"
#include "base/metrics.h"
#include "server/stream/feeding.h"
#include "store/snapshot/hub.h"

namespace allauth::server {

struct FeedOptions {
  std::size_t max_followers = 64;
  std::size_t pipe_bytes = 256 * 1024;  // written to a follower and not taken by it yet
  std::size_t recent_bytes = 8 << 20;   // of the newest entries, in memory for all
  Millis patience{10'000};              // a follower that takes nothing for so long is cut off
  Millis heartbeat{1000};
  Millis look{200};  // how often it is looked whether a follower still may
};

// Thread-safe. Store and hub are borrowed and must outlive it; the store must be closed before it goes.
class LogFeed {
 public:
  struct Deps {
    store::Store& store;
    const store::SnapshotHub& hub;
    Clock& clock;
    Log& log;
    Metrics& metrics;
  };
  // Follows the store from now on. Errors: those of Store::follow.
  static Result<std::unique_ptr<LogFeed>> start(Deps deps, FeedOptions options);
  ~LogFeed();  // stop()

  // The body of the answer. Error: exhausted stream.full.
  Result<std::shared_ptr<PipeReader>> open(Feed feed);
  std::size_t followers() const;

  // Says farewell to all and waits for their threads. Idempotent.
  void stop();

 private:
  LogFeed(Deps deps, FeedOptions options);
  void watch();
  void look_after_all(bool beat);
  void count_followers();  // with the lock held

  Deps deps_;
  const FeedOptions options_;
  FeedSource source_;
  Gauge& followers_gauge_;
  Counter& cut_;

  mutable std::mutex mutex_;  // guards what follows
  std::condition_variable stopped_;
  bool stopping_ = false;
  std::list<std::unique_ptr<Feeding>> followers_;
  std::jthread watcher_;
};

}  // namespace allauth::server
