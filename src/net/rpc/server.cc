#include "net/rpc/server.h"

#include <condition_variable>
#include <utility>

#include <grpc/support/time.h>
#include <grpcpp/resource_quota.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "net/rpc/credentials.h"
#include "net/rpc/library.h"
#include "net/rpc/server_call.h"
#include "net/rpc/state.h"

namespace allauth::net {

namespace {

constexpr std::string_view kCodes[] = {
    "ok",        "cancelled",      "unknown",           "invalid_argument",   "deadline_exceeded",
    "not_found", "already_exists", "permission_denied", "resource_exhausted", "failed_precondition",
    "aborted",   "out_of_range",   "unimplemented",     "internal",           "unavailable",
    "data_loss", "unauthenticated"};
constexpr std::string_view kRefusals[] = {"limit", "metadata", "gone"};

// Answers a call that the face is not to see.
class RefusedCall final : public grpc::ServerGenericBidiReactor {
 public:
  RefusedCall(grpc::StatusCode code, const char* message) { Finish({code, message}); }
  void OnDone() override { delete this; }
};

// The library's own limit does not see what comes by reference to its table of headers, a byte each.
bool is_too_much(const grpc::GenericCallbackServerContext& context, std::size_t limit) {
  std::size_t bytes = 0;
  for (const auto& [name, value] : context.client_metadata()) bytes += name.size() + value.size() + 32;
  return bytes > limit;
}

int as_int(Millis time) { return static_cast<int>(time.count()); }
int as_int(std::size_t n) { return static_cast<int>(n); }

void set_limits(grpc::ServerBuilder& builder, const ListenerOptions& options, const RpcLimits& limits) {
  builder.SetMaxReceiveMessageSize(as_int(limits.message_bytes));
  builder.SetMaxSendMessageSize(as_int(limits.message_bytes));
  builder.SetCompressionAlgorithmSupportStatus(GRPC_COMPRESS_DEFLATE, false);
  builder.SetCompressionAlgorithmSupportStatus(GRPC_COMPRESS_GZIP, false);
  grpc::ResourceQuota quota("listener " + options.name);
  quota.Resize(limits.memory_bytes);
  builder.SetResourceQuota(quota);
  const auto set = [&](const char* name, int value) { builder.AddChannelArgument(name, value); };
  set(GRPC_ARG_MAX_METADATA_SIZE, as_int(limits.metadata_bytes));
  set(GRPC_ARG_MAX_CONCURRENT_STREAMS, as_int(limits.streams));
  set(GRPC_ARG_SERVER_HANDSHAKE_TIMEOUT_MS, as_int(options.handshake_timeout));
  set(GRPC_ARG_MAX_CONNECTION_IDLE_MS, as_int(limits.idle));
  if (limits.age.count() > 0) {
    set(GRPC_ARG_MAX_CONNECTION_AGE_MS, as_int(limits.age));
    set(GRPC_ARG_MAX_CONNECTION_AGE_GRACE_MS, as_int(limits.age_grace));
  }
  set(GRPC_ARG_KEEPALIVE_TIME_MS, as_int(limits.keepalive));
  set(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, as_int(limits.keepalive_timeout));
  set(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  set(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, as_int(limits.ping_interval));
  set(GRPC_ARG_HTTP2_MAX_PING_STRIKES, 2);
  // What is read at once is made into calls before any of them is looked at.
  set(GRPC_ARG_TCP_MAX_READ_CHUNK_SIZE, 16 * 1024);
  set(GRPC_ARG_ENABLE_PER_MESSAGE_DECOMPRESSION, 0);
  // What nobody looks at here need not be counted.
  set(GRPC_ARG_ENABLE_CHANNELZ, 0);
  set(GRPC_ARG_MAX_CHANNEL_TRACE_EVENT_MEMORY_PER_NODE, 0);
}

Counter& cut_counter(Metrics& metrics, const std::string& listener, std::string_view cause) {
  return metrics.counter("allauth_rpc_connections_cut_total", "gRPC connections cut for what they sent",
                         fmt::format("listener=\"{}\",cause=\"{}\"", listener, cause));
}

}  // namespace

RpcMetrics::RpcMetrics(const std::string& listener, Metrics& metrics)
    : in_flight(metrics.gauge("allauth_rpc_calls_in_flight", "gRPC calls under way",
                              fmt::format("listener=\"{}\"", listener))),
      cut_resets(cut_counter(metrics, listener, "resets")),
      cut_unheard(cut_counter(metrics, listener, "unheard")) {
  for (std::size_t i = 0; i < calls.size(); ++i)
    calls[i] = &metrics.counter("allauth_rpc_calls_total", "gRPC calls by how they ended",
                                fmt::format("listener=\"{}\",code=\"{}\"", listener, kCodes[i]));
  for (std::size_t i = 0; i < refused.size(); ++i)
    refused[i] = &metrics.counter("allauth_rpc_refused_total", "gRPC calls that no face has seen",
                                  fmt::format("listener=\"{}\",cause=\"{}\"", listener, kRefusals[i]));
}

grpc::ServerGenericBidiReactor* RpcServer::State::CreateReactor(grpc::GenericCallbackServerContext* context) {
  const auto refuse = [this](RpcMetrics::Refusal cause, grpc::StatusCode code, const char* message) {
    metrics.refused[static_cast<std::size_t>(cause)]->add();
    return new RefusedCall(code, message);
  };
  auto connection = connections.find(context->peer());
  if (!connection)
    return refuse(RpcMetrics::Refusal::gone, grpc::StatusCode::UNAVAILABLE, "The connection is closing.");
  if (is_too_much(*context, limits.metadata_bytes))
    return refuse(RpcMetrics::Refusal::metadata, grpc::StatusCode::RESOURCE_EXHAUSTED,
                  "The metadata of this call is too large.");
  if (!enter(*connection))
    return refuse(RpcMetrics::Refusal::limit, grpc::StatusCode::RESOURCE_EXHAUSTED,
                  "Too many calls are under way: try again later.");
  return LibraryCall::start(
      std::make_shared<LibraryCall>(shared_from_this(), *context, std::move(connection)));
}

bool RpcServer::State::enter(const RpcConnection& connection) {
  const bool all = in_flight.fetch_add(1) < limits.calls;
  const bool address = connection.source().calls.fetch_add(1) < limits.calls_per_address;
  // We may not have heard yet that others were taken back, which the library has.
  const bool one = connection.calls().fetch_add(1) < 2 * limits.streams;
  if (all && address && one) {
    metrics.in_flight.add(1);
    return true;
  }
  --connection.calls();
  uncount(connection);
  // Begun and taken back faster than it can be forgotten: the library would hold what it is behind with.
  if (!(one && address) && connection.refused(limits.streams)) cut(connection);
  return false;
}

void RpcServer::State::cut(const RpcConnection& connection) {
  metrics.cut_resets.add();
  connection.cut();
}

void RpcServer::State::uncount(const RpcConnection& connection) {
  --connection.source().calls;
  --in_flight;
}

void RpcServer::State::leave(const RpcConnection& connection, rpc::StatusCode code) {
  metrics.calls[std::min(static_cast<std::size_t>(code), metrics.calls.size() - 1)]->add();
  metrics.in_flight.add(-1);
  uncount(connection);
}

void RpcServer::State::take(Accepted accepted) {
  const int on = 1;
  const auto patience = static_cast<unsigned>(limits.write_patience.count());
  ::setsockopt(accepted.fd(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  // The kernel cuts who acknowledges nothing, or reads nothing, for that long.
  ::setsockopt(accepted.fd(), IPPROTO_TCP, TCP_USER_TIMEOUT, &patience, sizeof patience);
  connections.add(accepted, options.tls != nullptr);
  grpc::experimental::ExternalConnectionAcceptor::NewConnectionParameters connection;
  connection.fd = accepted.release();
  sockets->HandleNewConnection(&connection);
}

void RpcServer::State::sweep(const std::stop_token& stopped) {
  std::mutex mutex;
  std::unique_lock lock(mutex);
  std::condition_variable_any until;
  while (!until.wait_for(lock, stopped, limits.sweep, [&] { return stopped.stop_requested(); })) {
    const auto now = pool.clock().tick();
    metrics.cut_unheard.add(connections.sweep(now, limits.unheard_bytes));
    calls.sweep(now);
  }
}

Result<void> RpcServer::State::start() {
  prepare_library();
  grpc::ServerBuilder builder;
  set_limits(builder, options, limits);
  builder.RegisterCallbackGenericService(this);
  sockets = builder.experimental().AddExternalConnectionAcceptor(
      grpc::ServerBuilder::experimental_type::ExternalConnectionType::FROM_FD,
      server_credentials(options.tls));
  server = builder.BuildAndStart();
  if (!server)
    return fail(Code::bug, "rpc.start", fmt::format("The gRPC listener \"{}\" cannot start.", options.name));
  const auto take = [weak = weak_from_this()](Accepted accepted) {
    const auto self = weak.lock();
    if (!self) return;
    const auto whose = accepted.from().address().to_string();
    auto job = [state = self.get(), accepted = std::move(accepted)]() mutable {
      state->take(std::move(accepted));  // it stops the handover before it goes
    };
    if (!self->handover.submit(whose, std::move(job))) self->admission->refused(Admission::Cause::limit);
  };
  TRY(acceptor, Acceptor::start(pool, options, admission, take));
  sweeper = std::jthread([this](const std::stop_token& stopped) { sweep(stopped); });
  return {};
}

std::size_t RpcServer::State::drain(Millis grace) {
  std::lock_guard one(draining);
  if (!server) return 0;
  if (acceptor) acceptor->close();
  handover.stop();
  sweeper = {};  // asks it to stop, and waits
  sockets.reset();
  cut_from = pool.clock().tick() + grace;
  server->Shutdown(
      gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC), gpr_time_from_millis(grace.count(), GPR_TIMESPAN)));
  server.reset();
  connections.clear();
  return cancelled.load();
}

RpcServer::RpcServer(std::shared_ptr<State> state) : state_(std::move(state)) {}
RpcServer::~RpcServer() { drain(Millis(0)); }

Result<std::unique_ptr<RpcServer>> RpcServer::start(IoPool& pool, ListenerOptions options, RpcLimits limits,
                                                    rpc::Face face, Streams streams) {
  auto state = std::make_shared<State>(pool, std::move(options), limits, std::move(face), std::move(streams));
  std::unique_ptr<RpcServer> server(new RpcServer(state));
  TRY(state->start());
  return server;
}

std::uint16_t RpcServer::port() const { return state_->acceptor->port(); }
std::size_t RpcServer::connections() const { return state_->admission->open(); }
std::size_t RpcServer::in_flight() const { return state_->in_flight.load(); }
std::size_t RpcServer::drain(Millis grace) { return state_->drain(grace); }

}  // namespace allauth::net
