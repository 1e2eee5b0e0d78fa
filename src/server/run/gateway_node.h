// A node without a database: follows the log of an API node, and decides from memory. It keeps nothing on
// disk. What it is told of keys it keeps in memory for as long as it runs.
#pragma once

#include <atomic>
#include <memory>
#include <vector>

#include "net/worker_pool.h"
#include "server/run/ground.h"
#include "server/run/node.h"
#include "server/stream/follower.h"
#include "server/stream/remote_passwords.h"

namespace allauth::server {

class GatewayNode final : public Node {
 public:
  // Begins to follow. `ground` must outlive it. Errors: config.file, key.invalid.
  static Result<std::unique_ptr<GatewayNode>> start(Ground& ground);
  ~GatewayNode() override;

  const app::Core* core() const override;
  Result<http::Face> face() override;
  Result<wire::RpcMount> rpc() override;
  std::string not_ready() const override;
  std::optional<Secret> take_setup_token() override { return std::nullopt; }
  bool lacks_admin() override { return false; }
  void stop() override;

 private:
  // All that depends on what the server says of keys. A new one is made when that changes; the old ones
  // stay, for there are connections that were let in with them.
  struct Terms;

  GatewayNode(Ground& ground, std::vector<ApiTarget> targets);
  Result<void> on_hello(Hello hello);
  Result<void> make_terms(const Hello& hello);
  void on_loaded();

  Ground& ground_;
  RemotePasswords passwords_;
  net::WorkerPool askers_;  // that wait for password answers
  // The next three are the follower's thread's own.
  std::string digest_key_fingerprint_;
  std::vector<std::unique_ptr<Terms>> terms_;
  bool loaded_ = false;
  std::atomic<const Terms*> ready_{nullptr};
  StreamFollower follower_;
};

}  // namespace allauth::server
