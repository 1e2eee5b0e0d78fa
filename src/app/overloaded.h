// What is answered while there is more to do than can be done.
#pragma once

#include "base/clock.h"
#include "base/error.h"

namespace allauth::app {

// exhausted server.busy.
inline Error overloaded() {
  return {.code = Code::exhausted,
          .reason = "server.busy",
          .message = "The server has too much to do; try again in a moment.",
          .retry_after = Seconds(1)};
}

}  // namespace allauth::app
