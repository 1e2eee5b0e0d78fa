#include "wire/rpc/stream_pump.h"

#include <utility>

#include "wire/secrets.h"

namespace allauth::wire {

StreamPump::StreamPump(std::shared_ptr<void> alive, CallRecord& record,
                       const google::protobuf::Descriptor* type, std::unique_ptr<MessageStream> stream)
    : alive_(std::move(alive)), record_(record), type_(type), stream_(std::move(stream)) {}

void StreamPump::start() {
  record_.call().on_cancel([weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->cancel();
  });
  advance();
}

void StreamPump::end(const Error& error) {
  if (!finish()) return;
  record_.fail(error);
  advance();
}

void StreamPump::cancel() {
  if (!finish()) return;
  record_.cancelled();
  advance();
}

bool StreamPump::finish() {
  std::lock_guard lock(mutex_);
  return std::exchange(turn_, Turn::over) != Turn::over;
}

void StreamPump::advance() {
  const auto self = shared_from_this();
  turns_.run([&self] { self->step(); });
}

// Only one step runs at a time, so the stream is not destroyed while it is asked.
void StreamPump::step() {
  std::unique_lock lock(mutex_);
  const Turn turn = turn_;
  if (turn != Turn::over) turn_ = Turn::wait;
  std::string bytes = std::move(bytes_);
  bytes_.clear();
  if (turn == Turn::over) {
    const auto ended = std::move(stream_);
    lock.unlock();  // and then the stream goes
    return;
  }
  lock.unlock();
  const auto self = shared_from_this();
  if (turn == Turn::ask)
    stream_->next([self](Result<std::unique_ptr<Message>> next) { self->got(std::move(next)); });
  if (turn != Turn::write) return;
  record_.sent(bytes.size());
  record_.call().write(std::move(bytes), [self](bool taken) { self->written(taken); });
}

void StreamPump::got(Result<std::unique_ptr<Message>> next) {
  if (!next) return end(next.error());
  if (*next == nullptr) {
    if (finish()) record_.end_well();
    return advance();
  }
  if ((*next)->GetDescriptor() != type_)
    return end(Error{
        .code = Code::bug, .reason = "method.types", .message = "A handler answered with another message."});
  {
    std::lock_guard lock(mutex_);
    if (turn_ == Turn::wait) {
      bytes_ = (*next)->SerializeAsString();
      turn_ = Turn::write;
    }
  }
  wipe_secrets(**next);
  advance();
}

void StreamPump::written(bool taken) {
  if (!taken) return cancel();
  {
    std::lock_guard lock(mutex_);
    if (turn_ == Turn::wait) turn_ = Turn::ask;
  }
  advance();
}

}  // namespace allauth::wire
