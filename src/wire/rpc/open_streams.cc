#include "wire/rpc/open_streams.h"

#include <utility>

namespace allauth::wire {
namespace {

Error stopping() {
  return {.code = Code::unavailable, .reason = "server.stopping", .message = "The server is stopping."};
}

}  // namespace

void OpenStreams::start(const std::shared_ptr<StreamPump>& pump) {
  bool ending = false;
  {
    std::lock_guard lock(mutex_);
    ending = ending_;
    std::erase_if(pumps_, [](const auto& known) { return known.expired(); });
    if (!ending) pumps_.insert(pump);
  }
  if (ending) return pump->end(stopping());
  pump->start();
}

void OpenStreams::end_all() {
  std::set<std::weak_ptr<StreamPump>, std::owner_less<>> pumps;
  {
    std::lock_guard lock(mutex_);
    ending_ = true;
    pumps = std::exchange(pumps_, {});
  }
  for (const auto& known : pumps)
    if (const auto pump = known.lock()) pump->end(stopping());
}

}  // namespace allauth::wire
