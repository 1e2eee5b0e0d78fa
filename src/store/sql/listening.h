// Word from the engine that some process has written, so that nobody has to wait for the next look at the
// log. A hint and no more: it may be missing, late, or about nothing.
#pragma once

#include <cstdint>
#include <functional>

namespace allauth::sql {

// Called on a thread of the engine's; must not block.
struct Hints {
  // The log has reached this revision, says whoever wrote it: perhaps this process.
  std::function<void(std::uint64_t revision)> heard;
  // Whether word can come at the moment. When it can again, some may have been missed.
  std::function<void(bool)> connected;
};

// Hints come for as long as it lives, and none after.
class Listening {
 public:
  virtual ~Listening() = default;
};

}  // namespace allauth::sql
