// How far a long command is, on standard error: a bar that moves where somebody looks at a terminal, else
// a line now and then.
#pragma once

#include <cstdint>
#include <string>

#include "base/clock.h"

namespace allauth::server::cli {

class ProgressLine {
 public:
  ProgressLine(std::string what, Clock& clock);
  ~ProgressLine() { clear(); }
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  // So much of `of` (0: not known), `note` behind it. Says something at most a few times a second.
  void show(std::uint64_t done, std::uint64_t of, const std::string& note);
  // Takes the bar away, before anything else is printed.
  void clear();

 private:
  Clock& clock_;
  const std::string what_;
  const bool terminal_;
  const Tick since_;
  Tick last_;
  bool shown_ = false;
};

// "3.2 MB".
std::string human_bytes(std::uint64_t bytes);
// "412.0 MB/s".
std::string human_rate(std::uint64_t bytes, Tick since, Tick until);

}  // namespace allauth::server::cli
