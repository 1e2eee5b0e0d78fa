#include "net/rpc/server_call.h"

#include <exception>
#include <utility>

#include <grpc/support/time.h>

#include "net/rpc/library.h"
#include "net/rpc/peer.h"

namespace allauth::net {
namespace {

// Beyond this a deadline is none.
constexpr std::int64_t kLongestSeconds = 1'000'000'000;

Tick to_tick(gpr_timespec deadline) {
  if (gpr_time_cmp(deadline, gpr_inf_future(deadline.clock_type)) == 0) return Tick::max();
  const auto at = gpr_convert_clock_type(deadline, GPR_CLOCK_MONOTONIC);
  if (at.tv_sec > kLongestSeconds) return Tick::max();
  return Tick(Seconds(at.tv_sec) + std::chrono::nanoseconds(at.tv_nsec));
}

}  // namespace

// What it took to send a head or a message, or to make room for one, at the most.
std::size_t sent_for(const rpc::Head& head) {
  std::size_t bytes = 512 + head.method.size() + head.authority.size();
  for (const auto& field : head.metadata) bytes += field.name.size() + field.value.size() * 4 / 3 + 16;
  return bytes;
}
std::size_t sent_for(const std::string& message) { return message.size() + message.size() / 8 + 64; }
std::size_t sent_for_room(std::size_t bytes) { return bytes / 256 + 64; }

// Ends the call when the face lets it go.
struct LibraryCall::Abandon {
  std::shared_ptr<LibraryCall> call;
  void operator()(rpc::ServerCall*) {
    call->finish({.code = rpc::StatusCode::internal, .message = "The call was not answered."}, {});
    call.reset();
  }
};

LibraryCall::LibraryCall(std::shared_ptr<RpcServer::State> state, Context& context,
                         std::shared_ptr<const RpcConnection> connection)
    : state_(std::move(state)), connection_(std::move(connection)), context_(&context) {
  head_.method = context.method();
  head_.authority = context.host();
  head_.metadata = from_library(context.client_metadata());
  head_.peer = connection_->peer([&] { return certificate_der(context); });
  connection_->heard(sent_for(head_));
  set_deadline(context);
}

void LibraryCall::set_deadline(const Context& context) {
  head_.deadline = to_tick(context.raw_deadline());
  if (state_->streams && state_->streams(head_.method)) return;
  last_tick_ = state_->pool.clock().tick() + state_->limits.call_time;
  if (last_tick_ >= head_.deadline)
    last_tick_ = Tick::max();  // the library sees to it
  else
    head_.deadline = last_tick_;
  due_at(last_tick_);
}

grpc::ServerGenericBidiReactor* LibraryCall::start(std::shared_ptr<LibraryCall> call) {
  auto& self = *call;
  self.self_ = call;
  self.state_->calls.add(self);
  std::shared_ptr<rpc::ServerCall> handle(call.get(), Abandon{call});
  self.guarded([&] { self.state_->face(std::move(handle)); });
  return &self;
}

void LibraryCall::read(Read then) {
  Lock lock(mutex_);
  if (ended_ || read_out_) {
    lock.unlock();
    return later([then = std::move(then)]() mutable { then(std::nullopt); });
  }
  reading_ = std::move(then);
  StartRead(&in_);
}

void LibraryCall::OnReadDone(bool ok) {
  auto message = ok ? from_buffer(in_) : std::nullopt;
  in_.Clear();
  if (message) connection_->heard(sent_for(*message));
  Lock lock(mutex_);
  auto then = std::exchange(reading_, {});
  if (!message) read_out_ = true;
  lock.unlock();
  guarded([&] { then(std::move(message)); });
}

void LibraryCall::add_initial_metadata(rpc::Field field) {
  Lock lock(mutex_);
  if (!ended_ && is_sendable(field)) context_->AddInitialMetadata(field.name, field.value);
}

void LibraryCall::write(std::string message, Written then) {
  Lock lock(mutex_);
  if (ended_) {
    lock.unlock();
    return later([then = std::move(then)]() mutable { then(false); });
  }
  writing_ = std::move(then);
  connection_->heard(sent_for_room(message.size()));
  out_ = to_buffer(std::move(message));
  due_at(std::min(last_tick_, state_->pool.clock().tick() + state_->limits.write_patience));
  StartWrite(&out_);
}

void LibraryCall::OnWriteDone(bool ok) {
  Lock lock(mutex_);
  auto then = std::exchange(writing_, {});
  due_at(last_tick_);
  lock.unlock();
  guarded([&] { then(ok); });
  then = nullptr;  // may let go of this call, which takes the lock
  lock.lock();
  // Left by an end that came while the message was on its way; another write cannot have begun since.
  if (auto end = std::exchange(end_after_write_, std::nullopt)) end_now(std::move(lock), std::move(*end));
}

void LibraryCall::answer(std::string message, rpc::Metadata trailing) {
  Lock lock(mutex_);
  if (!claim_end()) return;
  for (const auto& field : trailing)
    if (is_sendable(field)) context_->AddTrailingMetadata(field.name, field.value);
  end(std::move(lock), {.status = grpc::Status::OK, .message = to_buffer(std::move(message))});
}

void LibraryCall::finish(rpc::Status status, rpc::Metadata trailing) {
  Lock lock(mutex_);
  if (!claim_end()) return;
  code_ = status.code;
  for (const auto& field : trailing)
    if (is_sendable(field)) context_->AddTrailingMetadata(field.name, field.value);
  end(std::move(lock), {.status = to_library(std::move(status))});
}

void LibraryCall::on_cancel(std::move_only_function<void()> then) {
  Lock lock(mutex_);
  if (!ended_) {
    on_cancel_ = std::move(then);
  } else if (cancelled_) {
    lock.unlock();
    later(std::move(then));
  }
}

bool LibraryCall::claim_end() { return !std::exchange(ended_, true); }

void LibraryCall::end(Lock lock, End end) {
  if (writing_)
    end_after_write_ = std::move(end);
  else
    end_now(std::move(lock), std::move(end));
}

// The last that is started, and the only thing that the library may complete at once: not under the lock.
void LibraryCall::end_now(Lock lock, End end) {
  --connection_->calls();  // now, since its caller may begin another before the library is done with this
  due_at(state_->pool.clock().tick() + state_->limits.write_patience);
  if (!end.message) {
    lock.unlock();
    return Finish(end.status);
  }
  out_ = *end.message;  // its bytes are shared
  lock.unlock();
  StartWriteAndFinish(&out_, {}, std::move(end.status));
}

void LibraryCall::OnCancel() {
  const auto now = state_->pool.clock().tick();
  if (now >= state_->cut_from.load()) ++state_->cancelled;
  if (connection_->took_back(state_->limits.resets)) state_->cut(*connection_);
  Lock lock(mutex_);
  if (!claim_end()) return;
  cancelled_ = true;
  const bool late = now >= head_.deadline;
  code_ = late ? rpc::StatusCode::deadline_exceeded : rpc::StatusCode::cancelled;
  auto tell = std::exchange(on_cancel_, {});
  lock.unlock();
  if (tell) guarded([&] { tell(); });
  lock.lock();
  end(std::move(lock), {.status = grpc::Status::CANCELLED});
}

void LibraryCall::overdue(Tick now) {
  Lock lock(mutex_);
  if (!context_) return;
  if (writing_ || last_tick_ > now || !claim_end()) return context_->TryCancel();
  cancelled_ = true;
  code_ = rpc::StatusCode::deadline_exceeded;
  auto tell = std::exchange(on_cancel_, {});
  lock.unlock();
  if (tell) guarded([&] { tell(); });
  lock.lock();
  end(std::move(lock), {.status = {grpc::StatusCode::DEADLINE_EXCEEDED, "The call took too long."}});
}

void LibraryCall::OnDone() {
  Lock lock(mutex_);
  context_ = nullptr;
  const auto read = std::exchange(reading_, {});
  const auto written = std::exchange(writing_, {});
  const auto tell = std::exchange(on_cancel_, {});
  const auto self = std::exchange(self_, {});
  // A face may hold on to a call for longer than there is a server whose connections are counted.
  const auto connection = std::exchange(connection_, {});
  lock.unlock();
  state_->calls.remove(*this);
  state_->leave(*connection, code_);
}

void LibraryCall::later(std::move_only_function<void()> fn) { state_->pool.post(0, std::move(fn)); }

template <class Fn>
void LibraryCall::guarded(Fn fn) {
  try {
    fn();
  } catch (...) {
    state_->pool.failed(std::current_exception());
  }
}

}  // namespace allauth::net
