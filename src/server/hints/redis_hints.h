// Tells other nodes through a Redis that something was committed here, and hears the same of them. A hint
// and no more: while Redis is slow, gone, empty or something else altogether, nodes find what others wrote
// by looking for it, and nothing else is different.
#pragma once

#include <atomic>
#include <functional>
#include <optional>
#include <string>
#include <thread>

#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "server/hints/redis_connection.h"
#include "store/log.h"

namespace allauth::server {

struct RedisHintsOptions {
  RedisTarget target;
  std::string channel;   // the same on all nodes of an installation, and on no other
  Millis timeout{2000};  // to connect, and for each answer
  Millis ping_interval{10'000};
  // Before another attempt: doubled each time, and a random part of it left out.
  Millis first_pause{100};
  Millis longest_pause{5000};
};

// Thread-safe. One thread with two connections, since one that subscribes can do nothing else.
class RedisHints {
 public:
  struct Deps {  // borrowed
    Clock& clock;
    Entropy& entropy;
    Log& log;
    Metrics& metrics;
  };
  // Called on its thread: somebody has committed this revision; nothing: some word may have been missed.
  // Must not block; true if it was news.
  using Heard = std::function<bool(std::optional<Revision>)>;

  RedisHints(Deps, RedisHintsOptions, Heard);
  ~RedisHints() { stop(); }
  RedisHints(const RedisHints&) = delete;
  RedisHints& operator=(const RedisHints&) = delete;

  // Never waits. Of several that could not be told yet the last one counts.
  void tell(Revision);
  // Idempotent.
  void stop();

 private:
  // A connection and the answer that it owes.
  struct Line {
    RedisConnection connection;
    Tick heard;  // something, the last time
    std::optional<Tick> asked{};
  };

  void run();
  Result<void> serve();
  Result<Line> open() const;
  Result<void> subscribe(Line& hears);
  Result<void> turn(Line& hears, Line& tells);
  Result<void> tell_newest(Line& tells);
  Result<void> keep_alive(Line&);
  Result<void> take_answer(Line& tells);
  Result<void> take_words(Line& hears);
  Result<std::vector<RedisReply>> take(Line&);
  void settle(Tick since);
  void pass_on(const std::vector<RedisReply>&);
  void say_why(const Error&);
  void rest(Millis);
  void drain_wake();

  Deps deps_;
  const RedisHintsOptions options_;
  const Heard heard_;
  Counter &received_, &sent_;
  Gauge& connected_;
  const int wake_;
  std::atomic<std::uint64_t> newest_ = 0;
  std::atomic<bool> ending_ = false;
  // The thread's own.
  std::uint64_t told_ = 0, telling_ = 0;
  int failures_ = 0;  // in a row
  bool said_ = false;
  std::thread thread_;  // after all that it uses
};

}  // namespace allauth::server
