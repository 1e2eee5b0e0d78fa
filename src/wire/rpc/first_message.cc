#include "wire/rpc/first_message.h"

#include <utility>

#include "wire/rpc/passed_on_call.h"
#include "wire/secrets.h"

namespace allauth::wire {
namespace {

class ReadAhead final : public PassedOnCall {
 public:
  ReadAhead(std::shared_ptr<rpc::ServerCall> call, std::optional<std::string> first)
      : PassedOnCall(std::move(call)), first_(std::move(first)) {}
  ~ReadAhead() override {
    if (first_) wipe(*first_);
  }

  // One read is pending at a time, so this needs no lock.
  void read(Read then) override {
    if (!std::exchange(unread_, false)) return PassedOnCall::read(std::move(then));
    then(std::exchange(first_, std::nullopt));
  }

 private:
  std::optional<std::string> first_;
  bool unread_ = true;
};

}  // namespace

std::shared_ptr<rpc::ServerCall> with_first_message(std::shared_ptr<rpc::ServerCall> call,
                                                    std::optional<std::string> first) {
  return std::make_shared<ReadAhead>(std::move(call), std::move(first));
}

}  // namespace allauth::wire
