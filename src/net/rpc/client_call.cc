#include <utility>

#include "net/rpc/client_state.h"
#include "net/rpc/library.h"

namespace allauth::net {
namespace {

using Lock = std::unique_lock<std::mutex>;

// Lives until the library is done with it and its owner has let it go. The hold keeps the library from
// ending it while its owner may still start something.
class StreamCall final : public grpc::ClientBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>,
                         public std::enable_shared_from_this<StreamCall> {
 public:
  StreamCall(std::shared_ptr<RpcClient::State> state, RpcCallOptions options, RpcClient::Ended ended)
      : state_(std::move(state)), options_(std::move(options)), ended_(std::move(ended)) {
    prepare(*context_, options_);
  }

  void start() {
    if (!state_->enter(*context_)) {
      over_ = true;
      return ended_(not_made());
    }
    self_ = shared_from_this();
    state_->stub->PrepareBidiStreamingCall(context_.get(), options_.method, {}, this);
    AddHold();
    StartCall();
  }

  void read(RpcCall::Read then) {
    Lock lock(mutex_);
    if (over_) {
      lock.unlock();
      return then(std::nullopt);
    }
    reading_ = std::move(then);
    StartRead(&in_);
  }

  void write(std::string message, RpcCall::Written then) {
    Lock lock(mutex_);
    if (over_ || written_all_) {
      lock.unlock();
      return then(false);
    }
    writing_ = std::move(then);
    out_ = to_buffer(std::move(message));
    StartWrite(&out_);
  }

  void finish_writing() {
    Lock lock(mutex_);
    if (over_ || std::exchange(written_all_, true)) return;
    if (!writing_) StartWritesDone();
  }

  void cancel() {
    Lock lock(mutex_);
    if (context_) context_->TryCancel();
    end(std::move(lock));
  }

 private:
  // Nothing is started any more.
  void end(Lock lock) {
    if (std::exchange(over_, true)) return;
    lock.unlock();
    RemoveHold();
  }

  void OnReadDone(bool ok) override {
    auto message = ok ? from_buffer(in_) : std::nullopt;
    in_.Clear();
    Lock lock(mutex_);
    auto then = std::exchange(reading_, {});
    const bool last = !message;
    lock.unlock();
    then(std::move(message));
    if (last) end(Lock(mutex_));
  }

  void OnWriteDone(bool ok) override {
    Lock lock(mutex_);
    auto then = std::exchange(writing_, {});
    if (written_all_ && !over_) StartWritesDone();
    lock.unlock();
    then(ok);
  }

  void OnDone(const grpc::Status& status) override {
    const auto self = std::move(self_);
    ended_(end_of(*context_, status));
    Lock lock(mutex_);
    auto context = std::move(context_);
    lock.unlock();
    state_->leave(std::move(context));
  }

  const std::shared_ptr<RpcClient::State> state_;
  const RpcCallOptions options_;
  RpcClient::Ended ended_;
  std::shared_ptr<StreamCall> self_;
  std::mutex mutex_;
  std::unique_ptr<grpc::ClientContext> context_ = std::make_unique<grpc::ClientContext>();  // null once over
  RpcCall::Read reading_;
  RpcCall::Written writing_;
  bool written_all_ = false;
  bool over_ = false;
  grpc::ByteBuffer in_;
  grpc::ByteBuffer out_;
};

// What the owner holds: lets go of the call when it goes.
class OwnedCall final : public RpcCall {
 public:
  explicit OwnedCall(std::shared_ptr<StreamCall> call) : call_(std::move(call)) {}
  ~OwnedCall() override { call_->cancel(); }
  OwnedCall(const OwnedCall&) = delete;
  OwnedCall& operator=(const OwnedCall&) = delete;
  void read(Read then) override { call_->read(std::move(then)); }
  void write(std::string message, Written then) override {
    call_->write(std::move(message), std::move(then));
  }
  void finish_writing() override { call_->finish_writing(); }
  void cancel() override { call_->cancel(); }

 private:
  const std::shared_ptr<StreamCall> call_;
};

}  // namespace

std::unique_ptr<RpcCall> open_call(std::shared_ptr<RpcClient::State> state, RpcCallOptions options,
                                   RpcClient::Ended ended) {
  auto call = std::make_shared<StreamCall>(std::move(state), std::move(options), std::move(ended));
  call->start();
  return std::make_unique<OwnedCall>(std::move(call));
}

}  // namespace allauth::net
