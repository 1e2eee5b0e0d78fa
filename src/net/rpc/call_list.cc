#include "net/rpc/call_list.h"

#include <functional>
#include <vector>

namespace allauth::net {

RpcCallList::Part& RpcCallList::part_of(const RpcListed& call) {
  return parts_[(reinterpret_cast<std::uintptr_t>(&call) / 512) % parts_.size()];
}

void RpcCallList::add(RpcListed& call) {
  auto& part = part_of(call);
  std::lock_guard lock(part.mutex);
  call.next_ = part.first;
  if (part.first) part.first->previous_ = &call;
  part.first = &call;
}

void RpcCallList::remove(RpcListed& call) {
  auto& part = part_of(call);
  std::lock_guard lock(part.mutex);
  (call.previous_ ? call.previous_->next_ : part.first) = call.next_;
  if (call.next_) call.next_->previous_ = call.previous_;
}

void RpcCallList::sweep(Tick now) {
  std::vector<std::shared_ptr<RpcListed>> due;
  for (auto& part : parts_) {
    std::lock_guard lock(part.mutex);
    for (auto* call = part.first; call; call = call->next_)
      if (call->due_.load(std::memory_order_relaxed) <= now) due.push_back(call->shared_from_this());
  }
  for (const auto& call : due) call->overdue(now);
}

}  // namespace allauth::net
