// One who watches the log: what they want to know, where they are, and what they are told next.
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "app/caller.h"
#include "app/watch/recent_acts.h"

namespace allauth::app {

struct WatchFilter {
  DomainId domain;                 // empty: everything
  std::vector<std::string> kinds;  // of targets; none: all

  bool passes(const store::Act& act) const;
};

// Something happened; or nothing did until here.
struct WatchNews {
  store::LogCursor at;
  SharedEvent event;  // may be null
};

// What the thread that tells watchers waits for. Thread-safe.
class WatchBell {
 public:
  void ring();
  // Until it rings, at most so long.
  void wait(Millis longest);

 private:
  std::mutex mutex_;
  std::condition_variable rung_;
  bool ringing_ = false;
};

// Thread-safe for whoever takes the news; all else is for the thread of Watching.
class Watcher {
 public:
  struct Asked {
    Principal who;
    WatchFilter filter;
    std::function<Result<void>()> may;  // whether they still may
  };
  Watcher(Asked asked, store::LogCursor from, std::shared_ptr<WatchBell> bell)
      : asked_(std::move(asked)), place_{.at = from}, bell_(std::move(bell)) {}

  // Calls `then` once, later on the thread of Watching or, after the end, at once. An error is the last that
  // is told. At most one call is pending.
  using Then = std::move_only_function<void(Result<WatchNews>)>;
  void next(Then then);
  // Wants no more; a pending `then` is destroyed.
  void leave();

 private:
  friend class Watching;

  // What the database had, and of which history it is.
  struct ReadBack {
    Result<std::vector<store::LogEntry>> entries;
    std::uint64_t history = 0;
  };

  bool wants_more();
  bool gone() const { return gone_.load(); }
  void tell(WatchNews news, Tick now);
  void end(Error why);
  // Takes in what was found after its place.
  void consider(const std::vector<SharedEvent>& events);
  void hand_back(ReadBack read);
  std::optional<ReadBack> take_back();

  const Asked asked_;
  RecentActs::Place place_;
  std::deque<SharedEvent> queue_;
  bool reading_ = false;         // a reader looks into the database for it
  Tick read_again_at_{};         // after a failure
  std::optional<Tick> told_at_;  // the last time
  const std::shared_ptr<WatchBell> bell_;
  std::atomic<bool> gone_{false};  // left or ended

  std::mutex mutex_;  // guards what follows
  Then then_;
  std::optional<Error> ended_;
  std::optional<ReadBack> read_;
};

}  // namespace allauth::app
