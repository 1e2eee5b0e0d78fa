#include "net/rpc/client.h"

#include <future>
#include <mutex>
#include <utility>

#include <fmt/format.h>
#include <grpc/support/time.h>
#include <grpcpp/create_channel.h>

#include "net/rpc/client_state.h"
#include "net/rpc/credentials.h"
#include "net/rpc/library.h"

namespace allauth::net {
namespace {

constexpr std::string_view kDetails = "grpc-status-details-bin";

// One message each way.
class UnaryCall final : public grpc::ClientUnaryReactor, public std::enable_shared_from_this<UnaryCall> {
 public:
  UnaryCall(std::shared_ptr<RpcClient::State> state, RpcCallOptions options, std::string message,
            RpcClient::Replied then)
      : state_(std::move(state)), options_(std::move(options)), then_(std::move(then)) {
    out_ = to_buffer(std::move(message));
    prepare(*context_, options_);
  }

  void start() {
    if (!state_->enter(*context_)) return then_({.end = not_made()});
    self_ = shared_from_this();
    state_->stub->PrepareUnaryCall(context_.get(), options_.method, {}, &out_, &in_, this);
    StartCall();
  }
  void cancel() {
    std::lock_guard lock(mutex_);
    if (context_) context_->TryCancel();
  }

 private:
  void OnDone(const grpc::Status& status) override {
    const auto self = std::move(self_);
    RpcReply reply{.end = end_of(*context_, status)};
    if (status.ok()) {
      if (auto message = from_buffer(in_))
        reply.message = std::move(*message);
      else
        reply.end.status = {.code = rpc::StatusCode::internal, .message = "The reply cannot be read."};
    }
    then_(std::move(reply));
    std::unique_lock lock(mutex_);
    auto context = std::move(context_);
    lock.unlock();
    state_->leave(std::move(context));
  }

  const std::shared_ptr<RpcClient::State> state_;
  const RpcCallOptions options_;
  RpcClient::Replied then_;
  std::shared_ptr<UnaryCall> self_;
  std::mutex mutex_;
  std::unique_ptr<grpc::ClientContext> context_ = std::make_unique<grpc::ClientContext>();  // null once over
  grpc::ByteBuffer out_;
  grpc::ByteBuffer in_;
};

bool is_host(std::string_view host) {
  if (host.empty() || host.size() > 255) return false;
  for (const char c : host)
    if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
          c == '-' || c == '_' || c == ':'))
      return false;
  return true;
}

Result<std::string> target_of(const RpcClientOptions& options) {
  if (!is_host(options.host) || options.port == 0)
    return fail(Code::invalid, "rpc.target.invalid",
                fmt::format("\"{}\" and {} are not a host and a port.", options.host, options.port));
  const bool v6 = options.host.contains(':');
  return fmt::format("dns:///{}{}{}:{}", v6 ? "[" : "", options.host, v6 ? "]" : "", options.port);
}

grpc::ChannelArguments arguments_of(const RpcClientOptions& options) {
  grpc::ChannelArguments arguments;
  const auto set = [&](const char* name, auto value) { arguments.SetInt(name, static_cast<int>(value)); };
  arguments.SetMaxReceiveMessageSize(static_cast<int>(options.message_bytes));
  arguments.SetMaxSendMessageSize(static_cast<int>(options.message_bytes));
  set(GRPC_ARG_MAX_METADATA_SIZE, options.metadata_bytes);
  set(GRPC_COMPRESSION_CHANNEL_ENABLED_ALGORITHMS_BITSET, 1 << GRPC_COMPRESS_NONE);
  set(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, options.connect_timeout.count());
  set(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, options.first_pause.count());
  set(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, options.longest_pause.count());
  set(GRPC_ARG_KEEPALIVE_TIME_MS, options.keepalive.count());
  set(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, options.keepalive_timeout.count());
  // The address is the one that was asked for: no proxy from the environment, no configuration from DNS,
  // no connection of another client with other credentials.
  set(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  set(GRPC_ARG_SERVICE_CONFIG_DISABLE_RESOLUTION, 1);
  set(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  set(GRPC_ARG_ENABLE_CHANNELZ, 0);
  set(GRPC_ARG_MAX_CHANNEL_TRACE_EVENT_MEMORY_PER_NODE, 0);
  return arguments;
}

}  // namespace

bool RpcClient::State::enter(grpc::ClientContext& context) {
  std::lock_guard lock(mutex);
  if (closing || under_way >= options.calls) return false;
  ++under_way;
  calls.insert(&context);
  return true;
}

void RpcClient::State::leave(std::unique_ptr<grpc::ClientContext> context) {
  {
    std::lock_guard lock(mutex);
    calls.erase(context.get());
  }
  context.reset();
  std::lock_guard lock(mutex);
  --under_way;
  left.notify_all();
}

void RpcClient::State::close() {
  std::unique_lock lock(mutex);
  closing = true;
  for (auto* context : calls) context->TryCancel();
  left.wait(lock, [this] { return under_way == 0; });
  stub.reset();
}

void prepare(grpc::ClientContext& context, const RpcCallOptions& options) {
  context.set_deadline(gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC),
                                    gpr_time_from_millis(options.timeout.count(), GPR_TIMESPAN)));
  for (const auto& field : options.metadata)
    if (is_sendable(field)) context.AddMetadata(field.name, field.value);
}

RpcEnd end_of(const grpc::ClientContext& context, const grpc::Status& status) {
  RpcEnd end{.status = from_library(status),
             .initial = from_library(context.GetServerInitialMetadata()),
             .trailing = from_library(context.GetServerTrailingMetadata())};
  std::erase_if(end.trailing, [](const auto& field) { return field.name == kDetails; });
  return end;
}

RpcEnd not_made() {
  return {.status = {.code = rpc::StatusCode::resource_exhausted,
                     .message = "Too many calls of this client are under way."}};
}

RpcClient::RpcClient(std::shared_ptr<State> state) : state_(std::move(state)) {}
RpcClient::~RpcClient() { state_->close(); }

Result<std::unique_ptr<RpcClient>> RpcClient::make(RpcClientOptions options) {
  prepare_library();
  TRY(const auto target, target_of(options));
  TRY(const auto credentials, client_credentials(options));
  auto channel = grpc::CreateCustomChannel(target, credentials, arguments_of(options));
  auto state = std::make_shared<State>(std::move(options), std::move(channel));
  return std::unique_ptr<RpcClient>(new RpcClient(std::move(state)));
}

RpcClient::Cancel RpcClient::call(RpcCallOptions options, std::string message, Replied then) {
  const auto call =
      std::make_shared<UnaryCall>(state_, std::move(options), std::move(message), std::move(then));
  call->start();
  return [weak = std::weak_ptr(call)] {
    if (const auto alive = weak.lock()) alive->cancel();
  };
}

RpcReply RpcClient::call(RpcCallOptions options, std::string message) {
  std::promise<RpcReply> replied;
  call(std::move(options), std::move(message), [&](RpcReply reply) { replied.set_value(std::move(reply)); });
  return replied.get_future().get();
}

std::unique_ptr<RpcCall> RpcClient::open(RpcCallOptions options, Ended ended) {
  return open_call(state_, std::move(options), std::move(ended));
}

std::size_t RpcClient::in_flight() const {
  std::lock_guard lock(state_->mutex);
  return state_->under_way;
}

}  // namespace allauth::net
