// The streams of a face that are open, so that a stop can end them.
#pragma once

#include <memory>
#include <mutex>
#include <set>

#include "wire/rpc/stream_pump.h"

namespace allauth::wire {

// Thread-safe.
class OpenStreams {
 public:
  // One that is started after end_all() is ended at once.
  void start(const std::shared_ptr<StreamPump>& pump);
  void end_all();

 private:
  std::mutex mutex_;
  bool ending_ = false;
  std::set<std::weak_ptr<StreamPump>, std::owner_less<>> pumps_;
};

}  // namespace allauth::wire
