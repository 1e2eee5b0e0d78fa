#include "wire/rpc/face.h"

#include <atomic>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include <google/protobuf/stubs/logging.h>

#include "wire/begin_call.h"
#include "wire/rpc/call_record.h"
#include "wire/rpc/open_streams.h"
#include "wire/rpc/status.h"
#include "wire/run_when_fresh.h"
#include "wire/secrets.h"

namespace allauth::wire {
namespace {

struct Target {
  RpcMethod method;
  Probe probe;
};

// A call under way and what its handler's references point to.
struct Work {
  Work(std::shared_ptr<const void> face, const FaceDeps& deps, Target& to,
       std::shared_ptr<rpc::ServerCall> rpc_call)
      : alive(std::move(face)), target(to), record(deps, to.probe, std::move(rpc_call)), call(record.info()) {
    record.set_route(target.method.path, target.probe);
    call.gone = &gone;
  }
  ~Work() {
    if (message) wipe_secrets(*message);
  }
  Work(const Work&) = delete;
  Work& operator=(const Work&) = delete;

  std::shared_ptr<const void> alive;  // the face's state, to which all below refers
  Target& target;
  CallRecord record;
  Call& call;
  std::atomic<bool> gone{false};
  std::unique_ptr<Message> message;
  ReadMask wanted;
};

void answer(Work& work, Result<Answer> result) {
  if (!result) return work.record.fail(result.error());
  Message* message = result->message.get();
  if (message == nullptr || message->GetDescriptor() != work.target.method.descriptor->output_type())
    return work.record.fail(Error{
        .code = Code::bug, .reason = "method.types", .message = "A handler answered with another message."});
  work.wanted.prune(*message);
  work.record.answer(message->SerializeAsString(), result->revision, result->replayed);
  wipe_secrets(*message);
}

void stream(const std::shared_ptr<Work>& work, OpenStreams& open_streams,
            Result<std::unique_ptr<MessageStream>> opened) {
  if (!opened) return work->record.fail(opened.error());
  open_streams.start(std::make_shared<StreamPump>(
      work, work->record, work->target.method.descriptor->output_type(), std::move(*opened)));
}

// What may take a while is told. Streams see to it themselves.
void look_for_caller(const std::shared_ptr<Work>& work) {
  const Method& method = *work->target.method.method;
  if (!method.run || method.kind != v1::KIND_READ) return;
  work->record.call().on_cancel([weak = std::weak_ptr(work)] {
    if (const auto left = weak.lock()) left->gone = true;
  });
}

void run(const AtLeast& at_least, OpenStreams& open_streams, const std::shared_ptr<Work>& work) {
  look_for_caller(work);
  const auto handle = [work, &open_streams] {
    const Method& method = *work->target.method.method;
    if (method.run)
      return method.run(work->call, *work->message,
                        [work](Result<Answer> result) { answer(*work, std::move(result)); });
    method.open(work->call, *work->message,
                [work, &open_streams](Result<std::unique_ptr<MessageStream>> opened) {
                  stream(work, open_streams, std::move(opened));
                });
  };
  run_when_fresh(at_least, work->call, handle, [work](const Error& error) { work->record.fail(error); });
}

}  // namespace

struct RpcFace::State {
  State(FaceDeps d, MessageLimits l) : deps(std::move(d)), limits(l) {}

  FaceDeps deps;
  MessageLimits limits;
  std::map<std::string, Target, std::less<>> targets;  // by path
  OpenStreams open_streams;

  void serve(const std::shared_ptr<State>& self, std::shared_ptr<rpc::ServerCall> call) {
    auto& target = targets.find(call->head().method)->second;  // the mount says which methods there are
    const auto work = std::make_shared<Work>(self, deps, target, std::move(call));
    if (auto may = admit(work->call, target.method.work); !may) return work->record.fail(may.error());
    // Who calls is asked before anything that they sent is looked at.
    if (auto read = read_call(target.method, work->record.call().head(), work->call); !read)
      return work->record.fail(read.error());
    work->record.call().read(
        [this, work](std::optional<std::string> bytes) { handle(work, std::move(bytes)); });
  }

  void handle(const std::shared_ptr<Work>& work, std::optional<std::string> bytes) {
    if (!bytes)
      return work->record.fail(Error{.code = Code::invalid,
                                     .reason = "message.missing",
                                     .message = "The call ended before its message came."});
    work->record.received(bytes->size());
    auto message = read_message(work->target.method, *bytes, limits, work->call);
    wipe(*bytes);
    if (!message) return work->record.fail(message.error());
    work->message = std::move(*message);
    auto wanted = read_mask(work->target.method, work->record.call().head());
    if (!wanted) return work->record.fail(wanted.error());
    work->wanted = std::move(*wanted);
    run(deps.at_least, open_streams, work);
  }
};

RpcFace::RpcFace(std::shared_ptr<State> state) : state_(std::move(state)) {}
RpcFace::RpcFace(RpcFace&&) noexcept = default;
RpcFace& RpcFace::operator=(RpcFace&&) noexcept = default;
RpcFace::~RpcFace() = default;

Result<RpcFace> RpcFace::make(std::span<const google::protobuf::ServiceDescriptor* const> services,
                              const MethodTable& methods, FaceDeps deps, MessageLimits limits) {
  TRY(methods.check(services));
  // The library writes to stderr what it dislikes about a message; callers are told, operators need not be.
  google::protobuf::SetLogHandler(nullptr);
  auto state = std::make_shared<State>(std::move(deps), limits);
  for (const auto* service : services) {
    for (int i = 0; i < service->method_count(); ++i) {
      const auto& descriptor = *service->method(i);
      TRY(RpcMethod method, compile_rpc(descriptor, *methods.find(descriptor.full_name())));
      const std::string path = method.path;
      state->targets.emplace(path, Target{.method = std::move(method),
                                          .probe = Probe(state->deps.metrics, descriptor.full_name())});
    }
  }
  return RpcFace(std::move(state));
}

RpcMount RpcFace::mount() && {
  RpcMount mount;
  for (const auto& [path, target] : state_->targets) {
    mount.methods.push_back(path);
    if (target.method.method->open) mount.streams.push_back(path);
    const auto* service = target.method.descriptor->service();
    if (mount.services.empty() || mount.services.back() != service) mount.services.push_back(service);
  }
  mount.drain = [state = state_] { state->open_streams.end_all(); };
  mount.face = [state = std::move(state_)](std::shared_ptr<rpc::ServerCall> call) {
    state->serve(state, std::move(call));
  };
  return mount;
}

}  // namespace allauth::wire
