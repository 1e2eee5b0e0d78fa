#include "bench/rpc_load.h"

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <vector>

#include <fmt/format.h>

#include "net/rpc/client.h"

namespace allauth::bench {
namespace {

using Clock = std::chrono::steady_clock;

class Loader {
 public:
  explicit Loader(const RpcLoad& load) : load_(load), until_(Clock::now() + to_duration(load.seconds)) {
    options_.method = load.method;
    options_.timeout = Seconds(30);
    if (!load.token.empty()) options_.metadata.push_back({"authorization", "Bearer " + load.token});
  }

  RpcLoadResult run(const std::vector<std::unique_ptr<net::RpcClient>>& clients) {
    const auto start = Clock::now();
    under_way_ = clients.size() * load_.calls;
    for (const auto& client : clients)
      for (std::size_t i = 0; i < load_.calls; ++i) next(*client);
    std::unique_lock lock(mutex_);
    idle_.wait(lock, [this] { return under_way_ == 0; });
    result_.seconds = std::chrono::duration<double>(Clock::now() - start).count();
    return std::move(result_);
  }

 private:
  static Clock::duration to_duration(double seconds) {
    return std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
  }

  void next(net::RpcClient& client) {
    const auto begun = Clock::now();
    client.call(options_, load_.message, [this, &client, begun](net::RpcReply reply) {
      const auto now = Clock::now();
      count(reply, now - begun);
      if (now < until_) return next(client);
      std::lock_guard lock(mutex_);
      if (--under_way_ == 0) idle_.notify_all();
    });
  }

  void count(const net::RpcReply& reply, Clock::duration took) {
    const auto& status = reply.end.status;
    const bool right = status.code == rpc::StatusCode::ok && reply.message.contains(load_.expected);
    std::lock_guard lock(mutex_);
    ++result_.answers;
    if (!right && result_.wrong++ == 0)
      result_.first_wrong = fmt::format("{} {}", static_cast<int>(status.code), status.message);
    result_.latencies.add(std::chrono::nanoseconds(took).count());
  }

  const RpcLoad& load_;
  const Clock::time_point until_;
  net::RpcCallOptions options_;
  std::mutex mutex_;
  std::condition_variable idle_;
  std::size_t under_way_ = 0;
  RpcLoadResult result_;
};

}  // namespace

Result<RpcLoadResult> run(const RpcLoad& load) {
  std::vector<std::unique_ptr<net::RpcClient>> clients;
  for (std::size_t i = 0; i < load.connections; ++i) {
    TRY(auto client, net::RpcClient::make({.host = "127.0.0.1", .port = load.port}));
    clients.push_back(std::move(client));
  }
  Loader loader(load);
  return loader.run(clients);
}

}  // namespace allauth::bench
