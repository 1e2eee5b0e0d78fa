// rpc: calls any gRPC method of a server, which tells its types itself.
#include <condition_variable>
#include <functional>
#include <mutex>

#include <fmt/format.h>

#include "base/text.h"
#include "net/rpc/client.h"
#include "server/cli/client/connection.h"
#include "server/cli/commands.h"
#include "server/config/address.h"
#include "wire/rpc/remote_schema.h"
#include "wire/rpc/status.h"

namespace allauth::server::cli {
namespace {

constexpr std::string_view kDefaultServer = "http://127.0.0.1:8181";
constexpr Millis kForReflection{10'000};
constexpr Millis kForCall{60'000};
constexpr Millis kForStream = std::chrono::hours(24 * 365);

const OptionGroup& grpc_options() {
  static const OptionGroup group{
      .title = "Server",
      .options = {
          {"grpc-server", "URL", "the server to call, https:// for TLS (else http://127.0.0.1:8181)"},
          {"ca", "FILE", "certificates to trust instead of the system's, PEM"},
          {"certificate", "FILE", "the certificate to show, PEM"},
          {"key", "FILE", "its private key, PEM"},
          {"token-file", "FILE",
           "a file with an access token (ALLAUTH_TOKEN holds one; else that of `allauth login`)"},
      }};
  return group;
}

Result<std::unique_ptr<net::RpcClient>> connect(const Options& options) {
  const std::string url = options.find("grpc-server").value_or(std::string(kDefaultServer));
  const bool tls = url.starts_with("https://");
  if (!tls && !url.starts_with("http://"))
    return fail(Code::invalid, "usage", "--grpc-server takes http://HOST:PORT or https://HOST:PORT.");
  TRY(auto address, parse_address(url.substr(tls ? 8 : 7), "--grpc-server"));
  net::RpcClientOptions client{.host = std::move(address.host), .port = address.port};
  if (tls)
    client.tls = net::RpcClientTls{.ca_file = options.find("ca").value_or(""),
                                   .certificate_file = options.find("certificate").value_or(""),
                                   .key_file = options.find("key").value_or("")};
  return net::RpcClient::make(std::move(client));
}

// How a call that was not answered well is told: in the server's words.
Result<void> require_ok(const rpc::Status& status) {
  if (status.code == rpc::StatusCode::ok) return {};
  const auto failure = wire::read_failure(status);
  if (failure.reason.empty() && status.code == rpc::StatusCode::unavailable)
    return fail(Code::unavailable, "server.unreachable", "The server cannot be reached.", {}, status.message);
  Code code = Code::invalid;
  if (status.code == rpc::StatusCode::unauthenticated) code = Code::unauthenticated;
  if (status.code == rpc::StatusCode::not_found) code = Code::not_found;
  std::string detail = failure.reason;
  if (detail.empty()) detail = fmt::format("gRPC code {}", static_cast<int>(status.code));
  if (!failure.request_id.empty()) detail += ", request " + failure.request_id;
  return fail(code, "server.refused", status.message.empty() ? "The server refused." : status.message,
              failure.field, std::move(detail));
}

// One request and all its answers, each given to `take` as it comes; blocks until the end. The caller's
// thread does all of it, woken by the library's.
class Exchange {
 public:
  using Take = std::function<Result<void>(std::string_view)>;

  Result<void> run(net::RpcClient& client, net::RpcCallOptions options, std::string request,
                   const Take& take) {
    auto call = client.open(std::move(options),
                            [this](net::RpcEnd end) { put([&] { end_ = std::move(end.status); }); });
    call->write(std::move(request), [&call = *call](bool taken) {
      if (taken) call.finish_writing();
    });
    Result<void> taken;
    while (true) {
      call->read([this](std::optional<std::string> message) { put([&] { read_ = std::move(message); }); });
      auto message = next();
      if (!message) break;
      taken = take(*message);
      if (!taken) call->cancel();
      if (!taken) break;
    }
    const auto status = wait_for_end();
    TRY(taken);
    return require_ok(status);
  }

 private:
  template <class Change>
  void put(Change change) {
    {
      std::lock_guard lock(mutex_);
      change();
    }
    changed_.notify_all();
  }
  std::optional<std::string> next() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return read_.has_value(); });
    return *std::exchange(read_, std::nullopt);
  }
  rpc::Status wait_for_end() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return end_.has_value(); });
    return *end_;
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::optional<std::optional<std::string>> read_;  // what a read gave; the end is one, too
  std::optional<rpc::Status> end_;
};

Result<std::string> ask_reflection(net::RpcClient& client, std::string question) {
  std::string answer;
  TRY(Exchange().run(client, {.method = wire::RemoteSchema::method(), .timeout = kForReflection},
                     std::move(question), [&](std::string_view message) -> Result<void> {
                       answer = message;
                       return {};
                     }));
  return answer;
}

Result<wire::RemoteSchema> learn(net::RpcClient& client, std::string_view symbol) {
  wire::RemoteSchema schema;
  TRY(const auto answer, ask_reflection(client, wire::RemoteSchema::ask_symbol(symbol)));
  TRY(schema.add_files(answer));
  return schema;
}

// "allauth.v1.UserService/GetUser" is of "allauth.v1.UserService".
std::string_view service_of(std::string_view method) { return method.substr(0, method.rfind('/')); }

Result<void> run_list(const Invocation& invocation) {
  TRY(const auto client, connect(invocation.options));
  TRY(const auto answer, ask_reflection(*client, wire::RemoteSchema::ask_services()));
  TRY(const auto names, wire::RemoteSchema::read_services(answer));
  for (const auto& name : names) fmt::print("{}\n", name);
  return {};
}

Result<void> run_describe(const Invocation& invocation) {
  const std::string& name = invocation.options.words[0];
  TRY(const auto client, connect(invocation.options));
  TRY(const auto schema, learn(*client, service_of(name)));
  TRY(const auto text, schema.describe(name));
  fmt::print("{}", text);
  return {};
}

Result<rpc::Metadata> metadata_of(const Options& options) {
  TRY(const auto token, find_token(options));
  rpc::Metadata metadata;
  if (!token.empty())
    metadata.push_back(
        {"authorization", token.with([](std::string_view text) { return fmt::format("Bearer {}", text); })});
  for (const auto& header : options.all("metadata")) {
    const auto colon = header.find(':');
    if (colon == std::string::npos)
      return fail(Code::invalid, "usage", "--metadata takes NAME:VALUE, such as allauth-at-least:17.");
    metadata.push_back(
        {ascii_lower(header.substr(0, colon)), header.substr(header.find_first_not_of(' ', colon + 1))});
  }
  return metadata;
}

Result<void> run_call(const Invocation& invocation) {
  const auto& words = invocation.options.words;
  TRY(const auto client, connect(invocation.options));
  TRY(const auto schema, learn(*client, service_of(words[0])));
  TRY(const auto operation, schema.find(words[0]));
  if (operation.takes_several)
    return fail(Code::unsupported, "usage",
                "This method takes a stream of messages; only one can be sent here.");
  TRY(auto request, schema.to_bytes(operation, words.size() > 1 ? words[1] : "{}"));
  TRY(auto metadata, metadata_of(invocation.options));
  return Exchange().run(*client,
                        {.method = operation.path,
                         .metadata = std::move(metadata),
                         .timeout = operation.answers_several ? kForStream : kForCall},
                        std::move(request), [&](std::string_view message) -> Result<void> {
                          TRY(const auto json, schema.to_json(operation, message));
                          fmt::print("{}\n", json);
                          std::fflush(stdout);
                          return {};
                        });
}

}  // namespace

std::vector<Command> rpc_commands() {
  return {
      {.path = "rpc",
       .summary = "Call any gRPC method and print its answers as JSON, one per line",
       .words = "SERVICE/METHOD [JSON]",
       .options = {{"metadata", "NAME:VALUE", "send this, too; may be given several times"}},
       .details = "The server tells its types itself, by reflection.",
       .examples = {{"", "allauth rpc allauth.v1.UserService/GetUser '{\"user_id\":\"me\"}'"},
                    {"with TLS",
                     "allauth rpc grpc.health.v1.Health/Check --grpc-server https://auth.example.org:8181"}},
       .see_also = {"rpc list", "rpc describe", "api"},
       .groups = {&grpc_options()},
       .run = run_call},
      {.path = "rpc list",
       .summary = "List the gRPC services of a server",
       .examples = {{"", "allauth rpc list"}},
       .see_also = {"rpc describe"},
       .groups = {&grpc_options()},
       .run = run_list},
      {.path = "rpc describe",
       .summary = "Show a gRPC service, method or message of a server",
       .words = "NAME",
       .examples = {{"", "allauth rpc describe allauth.v1.UserService"},
                    {"", "allauth rpc describe allauth.v1.UserService/GetUser"}},
       .see_also = {"rpc list"},
       .groups = {&grpc_options()},
       .run = run_describe},
  };
}

}  // namespace allauth::server::cli
