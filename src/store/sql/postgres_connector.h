// Connections for all sessions of a database. While the server cannot be reached only one caller at a
// time tries, and that ever more rarely; the others are told at once.
#pragma once

#include <mutex>
#include <optional>

#include "base/clock.h"
#include "base/log.h"
#include "store/sql/open.h"
#include "store/sql/postgres_connection.h"
#include "store/sql/postgres_target.h"
#include "store/sql/session.h"

namespace allauth::sql {

// Thread-safe.
class PostgresConnector {
 public:
  PostgresConnector(PostgresTarget target, Clock& clock, Log& log, DatabaseOptions options)
      : target_(std::move(target)), clock_(clock), log_(log), options_(std::move(options)) {}

  // A connection whose settings are ours. Errors: session.h, those of connecting.
  Result<PostgresConnection> connect(Database::Access);

  // How long a caller waits for the answer to a statement: the server has given up before.
  Millis longest() const { return options_.statement_timeout + kGrace; }
  Clock& clock() const { return clock_; }

 private:
  static constexpr Millis kGrace{2000};
  static constexpr Millis kFirstPause{50};
  static constexpr Millis kLongestPause{1000};

  // Why it is not to be tried now; nothing if it is.
  std::optional<Error> admit(bool& alone);
  void note(const std::optional<Error>& trouble, bool alone);
  Result<PostgresConnection> try_hosts(Database::Access) const;
  Result<PostgresConnection> try_host(std::size_t host, Database::Access) const;

  const PostgresTarget target_;
  Clock& clock_;
  Log& log_;
  const DatabaseOptions options_;

  std::mutex mutex_;      // guards all below
  bool reached_ = false;  // ever
  std::optional<Error> trouble_;
  bool trying_ = false;
  Tick next_try_{};
  Millis pause_ = kFirstPause;
};

}  // namespace allauth::sql
