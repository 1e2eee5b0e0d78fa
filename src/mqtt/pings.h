// Whose PINGRESP is it? The client's pings and the gateway's own go over one connection, and the broker
// answers them in order.
#pragma once

#include <cstdint>

#include "base/clock.h"

namespace allauth::mqtt {

class Pings {
 public:
  void client_asks() { ++of_client_; }
  // One of our own at a time.
  void we_ask(Tick now) {
    own_ = true;
    since_ = now;
    before_own_ = of_client_;
  }
  bool own() const { return own_; }
  // When our own was sent, while it is under way.
  Tick since() const { return since_; }
  // As if our own had been sent only now.
  void excuse(Tick now) { since_ = now; }
  // The broker has answered. True if the client is to hear of it.
  bool answered() {
    if (own_ && before_own_ == 0) {
      own_ = false;
      return false;
    }
    if (of_client_ == 0) return false;
    --of_client_;
    if (own_) --before_own_;
    return true;
  }

 private:
  bool own_ = false;
  Tick since_{};
  std::uint32_t of_client_ = 0;   // under way
  std::uint32_t before_own_ = 0;  // of those, sent before our own
};

}  // namespace allauth::mqtt
