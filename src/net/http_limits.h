// What one HTTP connection may use. Every limit is on by default.
#pragma once

#include <cstddef>

#include "base/clock.h"

namespace allauth::net {

struct HttpLimits {
  std::size_t head_bytes = 16 * 1024;      // request line and headers together; else 431
  std::size_t target_bytes = 8 * 1024;     // else 414
  std::size_t headers = 100;               // else 431
  std::size_t body_bytes = 1024 * 1024;    // else 413
  std::size_t requests = 10'000;           // per connection; the last one is answered with "close"
  Millis head_timeout = Millis(10'000);    // from a request's first byte to the end of its head; else 408
  Millis body_timeout = Millis(30'000);    // for the whole body; else 408
  Millis idle_timeout = Millis(75'000);    // between requests; closed without a word
  Millis answer_timeout = Millis(60'000);  // for the face; else 503
  Millis look_for_client = Millis(250);    // how often, while a request is answered
  Millis write_timeout = Millis(30'000);   // for the whole response; cut off
  Millis linger = Millis(2'000);           // how long the rest of a refused request is read and dropped
  Millis park_after = Millis(5'000);       // an idle connection's buffer is released then
};

}  // namespace allauth::net
