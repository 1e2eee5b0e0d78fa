// A gRPC call in memory, for tests: what the caller sends is queued, what the face does is kept.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "codec/rpc.h"

namespace allauth::wire {

class FakeCall final : public rpc::ServerCall {
 public:
  explicit FakeCall(rpc::Head head) : head_(std::move(head)) {}

  const rpc::Head& head() const override { return head_; }
  void read(Read then) override {
    if (incoming.empty() && !half_closed && !over) {
      reading_ = std::move(then);
      return;
    }
    if (incoming.empty() || over) return then(std::nullopt);
    std::string message = std::move(incoming.front());
    incoming.pop_front();
    then(std::move(message));
  }
  void add_initial_metadata(rpc::Field field) override { initial.push_back(std::move(field)); }
  void write(std::string message, Written then) override {
    if (over) return then(false);
    messages.push_back(std::move(message));
    if (!hold_writes) return then(true);
    writing_ = std::move(then);
  }
  void answer(std::string message, rpc::Metadata more) override {
    if (over) return;
    messages.push_back(std::move(message));
    finish({}, std::move(more));
  }
  void finish(rpc::Status end, rpc::Metadata more) override {
    if (over) return;
    over = true;
    status = std::move(end);
    trailing = std::move(more);
  }
  void on_cancel(std::move_only_function<void()> then) override { on_cancel_ = std::move(then); }

  // The caller's side.
  void send(std::string message) {
    incoming.push_back(std::move(message));
    if (reading_) read(std::exchange(reading_, nullptr));
  }
  void half_close() {
    half_closed = true;
    if (reading_) std::exchange(reading_, nullptr)(std::nullopt);
  }
  // Room for the next message, with hold_writes.
  void take_write() { std::exchange(writing_, nullptr)(true); }
  bool write_pending() const { return static_cast<bool>(writing_); }
  void cancel() {
    over = true;
    if (on_cancel_) std::exchange(on_cancel_, nullptr)();
    if (writing_) std::exchange(writing_, nullptr)(false);
    if (reading_) std::exchange(reading_, nullptr)(std::nullopt);
  }

  std::deque<std::string> incoming;
  bool half_closed = false;
  bool hold_writes = false;
  bool over = false;
  rpc::Metadata initial, trailing;
  std::vector<std::string> messages;
  std::optional<rpc::Status> status;

 private:
  rpc::Head head_;
  Read reading_;
  Written writing_;
  std::move_only_function<void()> on_cancel_;
};

// What a call ended with.
inline rpc::StatusCode code_of(const FakeCall& call) {
  return call.status ? call.status->code : rpc::StatusCode::unknown;
}

}  // namespace allauth::wire
