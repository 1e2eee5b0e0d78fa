// How far this process has followed the log, and those in it who follow along.
#pragma once

#include <atomic>
#include <functional>
#include <optional>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "store/log.h"
#include "store/log_follower.h"
#include "store/probe.h"
#include "store/sql/session.h"

namespace allauth::store {

// For one thread, the writer's, but for applied().
class LogTail {
 public:
  LogTail(Clock&, Log&, Probe&, LogCursor at);

  // Adds a follower: it loads the state that the others have followed to.
  Result<void> join(sql::Session&, LogFollower);

  // Reads what is new and hands it out; loads the state anew where that is not possible.
  Result<void> poll(sql::Session&);

  // The same within a transaction that holds the log's lock, so that nothing is new after it. It does not
  // load anything: unavailable store.resync says that a poll() has to come first.
  Result<void> catch_up(sql::Session&, const LogHead& locked);

  // Hands out what this process has committed itself.
  void committed(AppliedBatch) noexcept;

  // True from the moment that the log could not be followed until the state was loaded anew.
  bool adrift() const { return adrift_; }

  // The newest revision that was handed out. Any thread.
  Revision applied() const { return applied_.load(); }

 private:
  Result<void> in_read(sql::Session&, const std::function<Result<void>(const LogHead&)>& fn);
  Result<void> advance(sql::Session&, const LogHead& head);
  Result<void> load_all(sql::Session&, const LogHead& head);
  void set_adrift(const Error& why, const LogHead& head);
  void hand_out(const AppliedBatch&) noexcept;
  void move_to(const LogCursor&);
  void contact();

  Clock& clock_;
  Log& log_;
  Probe& probe_;
  LogCursor at_;
  std::atomic<Revision> applied_{};
  bool adrift_ = false;
  std::vector<LogFollower> followers_;
};

}  // namespace allauth::store
