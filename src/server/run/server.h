// The whole program, put together: opens the store, follows its log, listens. Parts are made in the
// order of their needs and stopped in the opposite one.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/secret.h"
#include "server/config/config.h"
#include "server/run/places.h"
#include "store/sql/open.h"
#include "store/store.h"

namespace allauth::server {

class Server {
 public:
  // Starts to serve. Clock, Entropy and Log are borrowed.
  static Result<std::unique_ptr<Server>> start(const Config& config, Clock& clock, Entropy& entropy,
                                               Log& log);
  ~Server();  // stop()

  const std::vector<Place>& places() const;

  // The one-time setup token, if this was the first start. Gives it away.
  std::optional<Secret> take_setup_token();
  // True if nobody administers the platform yet.
  bool lacks_admin() const;

  // Stops listening, answers what is being asked, then ends; gives up after config.drain_timeout.
  void stop();

  struct Parts;

 private:
  explicit Server(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

// Where the database is, for store::StoreOptions::location, ::database and ::migrating.
std::string database_location(const Config& config);
sql::DatabaseOptions database_options(const Config& config);
store::Migrating migrating(const Config& config);
std::string master_key_file(const Config& config);

// Makes the data folder, for its owner only, if it is not there. Error: data_dir.unusable.
Result<void> prepare_data_dir(const Config& config);

}  // namespace allauth::server
