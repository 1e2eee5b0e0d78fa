// One follower of the log stream, seen from the sending side: a thread that reads the log for it and
// writes frames into its pipe.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "base/log.h"
#include "base/metrics.h"
#include "base/pipe.h"
#include "server/stream/frame.h"
#include "server/stream/recent_log.h"
#include "server/stream/view.h"
#include "store/store.h"

namespace allauth::server {

// What is sent to one follower.
struct Feed {
  std::string name;   // of the follower, for the log
  std::string hello;  // the first frame
  StreamView view;
  std::optional<store::LogCursor> from;  // where it was; nothing: begin with the state
  std::function<bool()> allowed;         // whether it still may; asked again and again
};

// Where all feedings read from.
struct FeedSource {
  store::Store& store;
  Log& log;
  RecentLog recent;
  std::timed_mutex state_turn;  // one state at a time is read from the database
  Counter& states;              // how many were sent
};

class Feeding {
 public:
  // Begins at once, with the hello. `patience`: a follower that takes nothing for so long is cut off.
  Feeding(FeedSource& source, Feed feed, std::shared_ptr<PipeWriter> out, Millis patience);
  // Ends the pipe and waits for the thread.
  ~Feeding();
  Feeding(const Feeding&) = delete;
  Feeding& operator=(const Feeding&) = delete;

  bool allowed() const { return feed_.allowed(); }
  const std::string& name() const { return feed_.name; }
  // Writes the frame if there is room; while there is none, something else is on its way.
  void beat(const std::string& heartbeat) { out_->write(heartbeat); }
  // Says farewell and ends the stream.
  void end(std::string_view reason);
  // The thread has nothing more to do.
  bool done() const { return done_.load(); }
  // It was cut off for being slow.
  bool was_slow() const { return slow_.load(); }

 private:
  void run();
  // Errors of all of these: the pipe's (stream.closed, stream.slow) and the store's.
  Result<void> step();
  Result<void> send_state();
  Result<void> send_from_database();
  Result<void> send_entry(const store::LogEntry& entry);
  Result<void> send_image(const store::Image& image);
  Result<void> send(const std::string& frame);
  Result<void> send_whole_state(store::Read& read);
  void wait_after(const Error& failure);

  FeedSource& source_;
  Feed feed_;
  const std::shared_ptr<PipeWriter> out_;
  const Millis patience_;
  bool has_state_ = false;
  bool troubled_ = false;  // the database is away, and that was said
  RecentLog::Place place_;
  std::atomic<bool> ended_{false};
  std::atomic<bool> slow_{false};
  std::atomic<bool> done_{false};
  std::jthread thread_;
};

}  // namespace allauth::server
