// A call that is another one, but for what a subclass says: the base of calls that were looked at before
// their face sees them.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "codec/rpc.h"

namespace allauth::wire {

class PassedOnCall : public rpc::ServerCall {
 public:
  explicit PassedOnCall(std::shared_ptr<rpc::ServerCall> call) : call_(std::move(call)) {}

  const rpc::Head& head() const override { return call_->head(); }
  void read(Read then) override { call_->read(std::move(then)); }
  void add_initial_metadata(rpc::Field field) override { call_->add_initial_metadata(std::move(field)); }
  void write(std::string message, Written then) override {
    call_->write(std::move(message), std::move(then));
  }
  void answer(std::string message, rpc::Metadata trailing) override {
    call_->answer(std::move(message), std::move(trailing));
  }
  void finish(rpc::Status status, rpc::Metadata trailing) override {
    call_->finish(std::move(status), std::move(trailing));
  }
  void on_cancel(std::move_only_function<void()> then) override { call_->on_cancel(std::move(then)); }

 private:
  std::shared_ptr<rpc::ServerCall> call_;
};

}  // namespace allauth::wire
