// Follows the log of an API node over the network: connects, takes in what comes, and comes back when the
// connection is lost, to the next of the nodes that it knows.
#pragma once

#include <atomic>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "base/log.h"
#include "base/metrics.h"
#include "server/outbound/http_client.h"
#include "server/stream/intake.h"

namespace allauth::server {

struct FollowerOptions {
  std::vector<ApiTarget> targets;  // tried in turn
  Millis connect_timeout{5000};
  Millis dead_after{3000};  // without any frame for so long, a connection is given up
  // Before another attempt: doubled each time until a connection has lasted for longer than the longest,
  // and a random part of it left out.
  Millis first_pause{100};
  Millis longest_pause{5000};
};

// Everything is borrowed and must outlive it.
class StreamFollower {
 public:
  struct Deps {
    Clock& clock;
    Entropy& entropy;
    Log& log;
    Metrics& metrics;
  };
  StreamFollower(Deps deps, FollowerOptions options, store::SnapshotHub& hub, Intake::Events events);
  ~StreamFollower() { stop(); }

  void start();
  // Ends the connection and the thread. Idempotent.
  void stop();

  bool connected() const { return connected_gauge_.value() != 0; }

 private:
  void run();
  Result<void> follow_once(const ApiTarget& target);
  Result<void> take(std::string_view bytes);
  void say_why(const ApiTarget& target, const Error& error);
  void pause();

  Deps deps_;
  const FollowerOptions options_;
  Intake intake_;
  Gauge& connected_gauge_;
  Counter& losses_;
  Counter& states_;
  Counter& rewinds_;
  int failures_ = 0;                    // in a row
  std::map<std::string, Reason> said_;  // of each server, why it is not followed
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

}  // namespace allauth::server
