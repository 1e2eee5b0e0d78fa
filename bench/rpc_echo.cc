#include "bench/rpc_echo.h"

#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>
#include <unistd.h>

#include "net/io.h"
#include "net/rpc/server.h"

namespace allauth::bench {
namespace {

class EchoCall final : public grpc::ServerGenericBidiReactor {
 public:
  EchoCall() { StartRead(&message_); }
  void OnReadDone(bool ok) override {
    if (ok)
      StartWriteAndFinish(&message_, {}, grpc::Status::OK);
    else
      Finish(grpc::Status::CANCELLED);
  }
  void OnDone() override { delete this; }

 private:
  grpc::ByteBuffer message_;
};

class EchoService final : public grpc::CallbackGenericService {
  grpc::ServerGenericBidiReactor* CreateReactor(grpc::GenericCallbackServerContext*) override {
    return new EchoCall;
  }
};

void tell(int pipe, std::uint16_t port) {
  if (::write(pipe, &port, sizeof port) != sizeof port) ::_exit(1);
}

void serve_bare(int pipe) {
  EchoService service;
  grpc::ServerBuilder builder;
  int port = 0;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
  builder.RegisterCallbackGenericService(&service);
  const auto server = builder.BuildAndStart();
  tell(pipe, static_cast<std::uint16_t>(port));
  server->Wait();
}

void serve_ours(int pipe) {
  SystemClock clock;
  Log log(clock, LogLevel::warn, LogFormat::human);
  Metrics metrics;
  net::IoPool pool({.threads = 1}, clock, log, metrics);
  pool.start();
  const auto echo = [](std::shared_ptr<rpc::ServerCall> call) {
    call->read([call](std::optional<std::string> message) { call->answer(message.value_or("")); });
  };
  const auto server = net::RpcServer::start(pool, {}, {}, echo);
  if (!server) ::_exit(1);
  tell(pipe, (*server)->port());
  for (;;) ::pause();
}

Result<RpcEcho> start(void (*serve)(int pipe), int core) {
  int pipe[2];
  if (::pipe(pipe) != 0) return fail(Code::unavailable, "bench.pipe", "A pipe cannot be made.");
  auto child = Child::fork([&] { serve(pipe[1]); }, core);
  ::close(pipe[1]);
  std::uint16_t port = 0;
  const bool told = ::read(pipe[0], &port, sizeof port) == sizeof port;
  ::close(pipe[0]);
  if (!child) return fail(std::move(child).error());
  if (!told) return fail(Code::unavailable, "bench.echo", "The gRPC echo does not start.");
  return RpcEcho{.process = *std::move(child), .port = port};
}

}  // namespace

Result<RpcEcho> start_bare_rpc_echo(int core) { return start(serve_bare, core); }
Result<RpcEcho> start_rpc_echo(int core) { return start(serve_ours, core); }

}  // namespace allauth::bench
