// Moves bytes between two sockets and a Session, and executes its Actions. Private to the gateway.
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "mqtt/gateway.h"
#include "mqtt/session.h"
#include "net/io.h"
#include "net/signal.h"
#include "net/stream.h"

namespace allauth::mqtt {

class Connection;

// What belongs to one loop; touched on its thread only.
struct Shard {
  std::unordered_set<Connection*> connections;
  std::vector<std::unique_ptr<char[]>> buffers;  // for reads; not more than were used at once
};

struct Gateway::Core {
  Core(net::IoPool& p, GatewayOptions o, Authenticator a)
      : pool(p),
        options(std::move(o)),
        authenticate(std::move(a)),
        probe(p.metrics(), options.on_denied, options.name),
        shards(p.size()) {}

  net::IoPool& pool;
  const GatewayOptions options;
  const Authenticator authenticate;
  Probe probe;
  std::vector<Shard> shards;
  std::atomic<std::size_t> connections{0};
  std::atomic<bool> draining{false};
};

// One client and its broker connection, on one loop. Kept alive by its coroutines.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(std::shared_ptr<Gateway::Core> core, net::Stream client);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // Begins to read from the client.
  void start();
  // A few times a second.
  void sweep(Tick now);
  void drain();
  void kick(const std::string& broker_client_id);

 private:
  struct Leg {
    Leg(net::IoPool& pool, std::size_t loop) : resume(pool, loop) {}
    std::optional<net::Stream> stream;
    std::string writing;    // what a coroutine is writing now
    bool busy = false;      // such a coroutine runs
    bool waits = false;     // the reader waits for `resume`
    bool finished = false;  // nothing more will be written; the peer has been told
    Tick since{};           // when the write under way began, or when `finished` was set
    net::Signal resume;
  };

  static boost::asio::awaitable<void> dial(std::shared_ptr<Connection> self);
  static boost::asio::awaitable<void> read(std::shared_ptr<Connection> self, Leg& leg);
  static boost::asio::awaitable<bool> read_once(Connection& self, Leg& leg);
  static boost::asio::awaitable<void> write(std::shared_ptr<Connection> self, Leg& leg);

  bool is_client(const Leg& leg) const { return &leg == &client_; }
  std::string& queue(const Leg& leg) { return is_client(leg) ? actions_.to_client : actions_.to_broker; }
  bool wants_close(const Leg& leg) const {
    return is_client(leg) ? actions_.close_client : actions_.close_broker;
  }
  bool may_read(const Leg& leg) const;
  std::size_t unwritten(const Leg& leg) const;
  void execute();
  void authenticate();
  void flush(Leg& leg);
  void finish(Leg& leg);
  void check(Leg& leg, Tick now);
  Tick now() const { return core_->pool.clock().tick(); }
  Shard& shard() const { return core_->shards[loop_]; }

  std::shared_ptr<Gateway::Core> core_;
  std::size_t loop_;
  Actions actions_;
  Leg client_;
  Leg broker_;
  Session session_;
  int idle_sweeps_ = 0;
};

}  // namespace allauth::mqtt
