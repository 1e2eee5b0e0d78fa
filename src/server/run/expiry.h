// Ends role memberships when their time has come: looks a few times a second and erases what is over, so
// that the right goes the way of every other revocation. A node that cannot write does nothing, and
// whichever node is first does it for all.
#pragma once

#include <condition_variable>
#include <mutex>
#include <thread>

#include "base/clock.h"
#include "base/log.h"
#include "store/store.h"

namespace allauth::server {

// Ends all that are over now; for the start, before anything is answered.
Result<void> end_expired_memberships(store::Store& store, Clock& clock);

class Expiry {
 public:
  // Both outlive it.
  Expiry(store::Store& store, Clock& clock, Log& log);
  ~Expiry() { stop(); }
  Expiry(const Expiry&) = delete;
  Expiry& operator=(const Expiry&) = delete;

  void stop();

 private:
  void loop();

  store::Store& store_;
  Clock& clock_;
  Log& log_;
  std::mutex mutex_;  // guards stopping_
  std::condition_variable wake_;
  bool stopping_ = false;
  std::thread thread_;  // after all that it uses
};

}  // namespace allauth::server
