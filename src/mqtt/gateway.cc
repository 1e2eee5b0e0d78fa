#include "mqtt/gateway.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "mqtt/pump.h"
#include "net/listener.h"
#include "net/spawn.h"

namespace allauth::mqtt {
namespace asio = boost::asio;

namespace {

using SharedCore = std::shared_ptr<Gateway::Core>;

// Deadlines, keep alives and changes of policy are looked at that often, on one timer per loop.
constexpr Millis kSweep{200};

// Calls `what` for each connection of a loop, on that loop; it may end connections.
template <class Fn>
void for_each(Shard& shard, Fn&& what) {
  std::vector<std::weak_ptr<Connection>> all;
  all.reserve(shard.connections.size());
  for (auto* connection : shard.connections) all.push_back(connection->weak_from_this());
  for (const auto& weak : all) {
    if (const auto connection = weak.lock()) what(*connection);
  }
}

template <class Fn>
void on_every_loop(const SharedCore& core, Fn what) {
  for (std::size_t loop = 0; loop < core->pool.size(); ++loop) {
    core->pool.post(loop, [core, loop, what] { for_each(core->shards[loop], what); });
  }
}

asio::awaitable<void> sweep(SharedCore core, std::size_t loop) {
  asio::steady_timer timer(core->pool.context(loop));
  auto& shard = core->shards[loop];
  while (!core->draining || !shard.connections.empty()) {
    timer.expires_after(kSweep);
    const auto [error] = co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
    if (error) co_return;
    const auto now = core->pool.clock().tick();
    for_each(shard, [now](Connection& connection) { connection.sweep(now); });
  }
}

asio::awaitable<void> serve(SharedCore core, net::Stream stream) {
  std::make_shared<Connection>(std::move(core), std::move(stream))->start();
  co_return;
}

}  // namespace

Result<std::unique_ptr<Gateway>> Gateway::start(net::IoPool& pool, GatewayOptions options,
                                                Authenticator authenticate) {
  auto core = std::make_shared<Core>(pool, std::move(options), std::move(authenticate));
  std::unique_ptr<Gateway> gateway(new Gateway(core));
  for (const auto& listener : core->options.listeners) {
    TRY(auto started, net::Listener::start(pool, listener, [core](net::Stream stream) {
          return serve(core, std::move(stream));
        }));
    gateway->listeners_.push_back(std::move(started));
  }
  for (std::size_t loop = 0; loop < pool.size(); ++loop) net::spawn(pool, loop, sweep(core, loop));
  return gateway;
}

Gateway::Gateway(std::shared_ptr<Core> core) : core_(std::move(core)) {}

Gateway::~Gateway() { drain(); }

std::uint16_t Gateway::port(std::size_t listener) const { return listeners_.at(listener)->port(); }

std::size_t Gateway::connections() const { return core_->connections; }

void Gateway::kick(std::string broker_client_id) {
  on_every_loop(core_, [id = std::move(broker_client_id)](Connection& connection) { connection.kick(id); });
}

void Gateway::drain() {
  core_->draining = true;
  for (auto& listener : listeners_) listener->close();
  on_every_loop(core_, [](Connection& connection) { connection.drain(); });
}

}  // namespace allauth::mqtt
