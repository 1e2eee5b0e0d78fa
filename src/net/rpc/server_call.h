// One call of the library as an rpc::ServerCall. Only for the .cc files of this folder.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include <grpcpp/generic/async_generic_service.h>

#include "codec/rpc.h"
#include "net/rpc/call_list.h"
#include "net/rpc/state.h"

namespace allauth::net {

// Lives until the library is done with it and the face has let it go, whichever is later. The library's
// rules that its order of steps rests on: one read and one write at a time, nothing is started after the
// finish, and what is started is never completed inside the call that starts it, but for the finish.
class LibraryCall final : public rpc::ServerCall, public RpcListed, public grpc::ServerGenericBidiReactor {
 public:
  using Context = grpc::GenericCallbackServerContext;

  LibraryCall(std::shared_ptr<RpcServer::State> state, Context& context,
              std::shared_ptr<const RpcConnection> connection);
  // Enters the call in the books and gives it to the face.
  static grpc::ServerGenericBidiReactor* start(std::shared_ptr<LibraryCall> call);

  const rpc::Head& head() const override { return head_; }
  void read(Read then) override;
  void add_initial_metadata(rpc::Field field) override;
  void write(std::string message, Written then) override;
  void answer(std::string message, rpc::Metadata trailing) override;
  void finish(rpc::Status status, rpc::Metadata trailing) override;
  void on_cancel(std::move_only_function<void()> then) override;

 private:
  struct Abandon;
  struct End {
    grpc::Status status;
    std::optional<grpc::ByteBuffer> message{};  // goes out before it
  };
  using Lock = std::unique_lock<std::mutex>;

  void OnReadDone(bool ok) override;
  void OnWriteDone(bool ok) override;
  void OnCancel() override;
  void OnDone() override;
  void overdue(Tick now) override;

  void set_deadline(const Context& context);
  bool claim_end();  // locked: true for the first who wants to end it
  void end(Lock lock, End end);
  void end_now(Lock lock, End end);
  void later(std::move_only_function<void()> fn);
  template <class Fn>
  void guarded(Fn fn);

  const std::shared_ptr<RpcServer::State> state_;
  std::shared_ptr<const RpcConnection> connection_;  // null once the library is done
  rpc::Head head_;
  Tick last_tick_ = Tick::max();  // when a call that does not stream has to be over

  std::mutex mutex_;
  Context* context_;  // null once the library is done
  std::shared_ptr<LibraryCall> self_;
  Read reading_;
  Written writing_;
  std::move_only_function<void()> on_cancel_;
  bool read_out_ = false;  // there is no further message
  bool ended_ = false;     // the end is decided; nothing is started any more
  bool cancelled_ = false;
  std::optional<End> end_after_write_;
  rpc::StatusCode code_ = rpc::StatusCode::ok;
  grpc::ByteBuffer in_;
  grpc::ByteBuffer out_;
};

}  // namespace allauth::net
