#include "server/run/rpc_listeners.h"

#include <utility>

#include <fmt/format.h>

namespace allauth::server {
namespace {

constexpr Millis kLookEvery{250};

}  // namespace

RpcListeners::RpcListeners(net::IoPool& io, Ground& ground, std::function<bool()> serving)
    : io_(io), ground_(ground), serving_(std::move(serving)) {}

Result<void> RpcListeners::start(Node& node) {
  for (std::size_t i = 0; i < ground_.config.grpc.size(); ++i) {
    const auto& config = ground_.config.grpc[i];
    if (config.is_off()) continue;
    TRY(auto listener, RpcListener::start(io_, config, fmt::format("grpc.{}", i), ground_, node, serving_));
    listeners_.push_back(std::move(listener));
  }
  if (!listeners_.empty()) looker_ = std::thread([this] { look_now_and_then(); });
  return {};
}

std::vector<Place> RpcListeners::places() const {
  std::vector<Place> places;
  for (const auto& listener : listeners_) places.push_back(listener->place());
  return places;
}

void RpcListeners::leave() {
  stop_looking();
  for (const auto& listener : listeners_) listener->leave();
}

std::size_t RpcListeners::drain(Millis grace) {
  std::size_t cut = 0;
  for (const auto& listener : listeners_) cut += listener->drain(grace);
  return cut;
}

void RpcListeners::look_now_and_then() {
  std::unique_lock lock(mutex_);
  while (!wake_.wait_for(lock, kLookEvery, [this] { return stopping_; })) {
    lock.unlock();
    for (const auto& listener : listeners_) listener->look();
    lock.lock();
  }
}

void RpcListeners::stop_looking() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (looker_.joinable()) looker_.join();
}

}  // namespace allauth::server
