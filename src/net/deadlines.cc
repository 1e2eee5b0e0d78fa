#include "net/deadlines.h"

#include <utility>

#include "net/io.h"

namespace allauth::net {

Deadline::Deadline(IoPool& pool, std::size_t index, std::move_only_function<void()> expired)
    : owner_(pool.deadlines(index)), expired_(std::move(expired)) {}

Deadline::~Deadline() { clear(); }

void Deadline::set(Tick at) {
  at_ = at;
  if (armed_) return;
  armed_ = true;
  owner_.link(*this);
}

void Deadline::clear() {
  if (!armed_) return;
  armed_ = false;
  owner_.unlink(*this);
}

void Deadlines::link(Deadline& deadline) {
  const bool first = head_ == nullptr;
  deadline.previous_ = nullptr;
  deadline.next_ = head_;
  if (head_) head_->previous_ = &deadline;
  head_ = &deadline;
  // A sweep that is running answers for the timer itself.
  if (first && !sweeping_) wake_();
}

void Deadlines::unlink(Deadline& deadline) {
  if (cursor_ == &deadline) cursor_ = deadline.next_;
  if (deadline.next_) deadline.next_->previous_ = deadline.previous_;
  (deadline.previous_ ? deadline.previous_->next_ : head_) = deadline.next_;
  deadline.next_ = deadline.previous_ = nullptr;
}

bool Deadlines::sweep(Tick now) {
  sweeping_ = true;
  cursor_ = head_;
  while (cursor_) {
    Deadline& deadline = *cursor_;
    cursor_ = deadline.next_;
    if (deadline.at_ > now) continue;
    deadline.clear();
    deadline.expired_();
  }
  sweeping_ = false;
  return head_ != nullptr;
}

}  // namespace allauth::net
