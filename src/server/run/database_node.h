// A node with the database: opens the store, follows its log, and serves the whole API.
#pragma once

#include <memory>

#include "app/watch/watching.h"
#include "net/worker_pool.h"
#include "server/hints/redis_hints.h"
#include "server/run/expiry.h"
#include "server/run/ground.h"
#include "server/run/keys.h"
#include "server/run/node.h"
#include "server/stream/door.h"
#include "store/store.h"
#include "wire/native/backend.h"

namespace allauth::server {

class DatabaseNode final : public Node {
 public:
  // `ground` must outlive it. Errors: data_dir.unusable, those of the store and of open_keys.
  static Result<std::unique_ptr<DatabaseNode>> open(Ground& ground);
  ~DatabaseNode() override { stop(); }

  const app::Core* core() const override { return core_.get(); }
  Result<http::Face> face() override;
  Result<wire::RpcMount> rpc() override;
  std::string not_ready() const override;
  std::optional<Secret> take_setup_token() override { return std::exchange(setup_token_, std::nullopt); }
  bool lacks_admin() override;
  void stop() override;

 private:
  explicit DatabaseNode(Ground& ground);
  Result<void> open_store();
  Result<void> make_core(Keys keys);
  Result<void> prepare_platform();
  Result<void> open_watching();
  void make_backend();
  Result<void> open_hints(const Secret& digest_key);
  Result<void> open_stream(Secret digest_key);

  Ground& ground_;
  std::unique_ptr<store::Store> store_;
  std::unique_ptr<RedisHints> hints_;  // none without a Redis
  std::unique_ptr<app::KeyDigests> digests_;
  std::unique_ptr<app::AccessTokens> tokens_;
  std::unique_ptr<app::TokenIssuer> issuer_;
  std::unique_ptr<app::Core> core_;
  std::unique_ptr<NodeAccess> access_;
  std::unique_ptr<LogFeed> feed_;  // none without the API
  std::unique_ptr<StreamDoor> door_;
  std::unique_ptr<app::Watching> watching_;
  std::unique_ptr<app::Repeats> repeats_;
  std::unique_ptr<wire::native::Backend> backend_;
  wire::MethodTable methods_;
  wire::MethodTable questions_;
  std::optional<Secret> setup_token_;
  net::WorkerPool readers_;
  net::WorkerPool hashers_;
  std::unique_ptr<Expiry> expiry_;
};

}  // namespace allauth::server
