#include "wire/rpc/first_message.h"

#include <utility>

#include "wire/secrets.h"

namespace allauth::wire {
namespace {

class ReadAhead final : public rpc::ServerCall {
 public:
  ReadAhead(std::shared_ptr<rpc::ServerCall> call, std::optional<std::string> first)
      : call_(std::move(call)), first_(std::move(first)), unread_(true) {}
  ~ReadAhead() override {
    if (first_) wipe(*first_);
  }

  const rpc::Head& head() const override { return call_->head(); }
  // One read is pending at a time, so this needs no lock.
  void read(Read then) override {
    if (!std::exchange(unread_, false)) return call_->read(std::move(then));
    then(std::exchange(first_, std::nullopt));
  }
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
  std::optional<std::string> first_;
  bool unread_;
};

}  // namespace

std::shared_ptr<rpc::ServerCall> with_first_message(std::shared_ptr<rpc::ServerCall> call,
                                                    std::optional<std::string> first) {
  return std::make_shared<ReadAhead>(std::move(call), std::move(first));
}

}  // namespace allauth::wire
