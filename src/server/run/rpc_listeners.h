// All gRPC listeners of the program, and the thread that looks after their health.
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "server/run/rpc_listener.h"

namespace allauth::server {

class RpcListeners {
 public:
  // `serving` is thread-safe. All are borrowed and must outlive it.
  RpcListeners(net::IoPool& io, Ground& ground, std::function<bool()> serving);
  ~RpcListeners() { stop_looking(); }
  RpcListeners(const RpcListeners&) = delete;
  RpcListeners& operator=(const RpcListeners&) = delete;

  // Those of the configuration. Errors: those of RpcListener::start.
  Result<void> start(Node& node);
  std::vector<Place> places() const;

  // The server stops: as RpcListener::leave.
  void leave();
  // Answers how many calls were cut off.
  std::size_t drain(Millis grace);

 private:
  void look_now_and_then();
  void stop_looking();

  net::IoPool& io_;
  Ground& ground_;
  std::function<bool()> serving_;
  std::vector<std::unique_ptr<RpcListener>> listeners_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;
  std::thread looker_;
};

}  // namespace allauth::server
