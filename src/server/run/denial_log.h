// What the gateway refused, for operators: one log line for the first refusal of a kind, and one with
// their number when its minute is over, so that a device which tries in a loop cannot fill the log.
#pragma once

#include <cstdint>
#include <mutex>
#include <string>
#include <unordered_map>

#include "base/clock.h"
#include "base/log.h"
#include "mqtt/probe.h"

namespace allauth::server {

// Thread-safe. Remembers at most kMaxKinds kinds; further ones of that minute are only counted.
class DenialLog {
 public:
  static constexpr std::size_t kMaxKinds = 4096;
  static constexpr Millis kWindow{60'000};

  DenialLog(Clock& clock, Log& log) : clock_(clock), log_(log) {}

  void add(const mqtt::Denial& denial);
  // Logs what is still only counted.
  void flush();

 private:
  struct Kind {
    std::string operation, client, topic, reason;
    std::uint64_t count = 1;
  };
  void flush_locked();

  Clock& clock_;
  Log& log_;
  std::mutex mutex_;
  Tick window_end_{};
  std::unordered_map<std::string, Kind> kinds_;
  std::uint64_t others_ = 0;
};

}  // namespace allauth::server
