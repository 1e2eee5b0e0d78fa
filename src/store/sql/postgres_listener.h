// Hears of what others commit by LISTEN, on a connection and a thread of its own.
// Source: https://www.postgresql.org/docs/15/sql-notify.html
#pragma once

#include <atomic>
#include <string>
#include <thread>

#include "base/log.h"
#include "store/sql/listening.h"
#include "store/sql/postgres_connector.h"

namespace allauth::sql {

// SQL for the name of the channel: each installation in a database has its own, told by a table of it.
inline constexpr std::string_view kPostgresChannel = "'allauth_log_' || 'log_head'::regclass::oid";

class PostgresListener final : public Listening {
 public:
  // Connector and log are borrowed.
  PostgresListener(PostgresConnector&, Log&, Hints);
  ~PostgresListener() override;
  PostgresListener(const PostgresListener&) = delete;
  PostgresListener& operator=(const PostgresListener&) = delete;

 private:
  static constexpr Millis kFirstPause{100};
  static constexpr Millis kLongestPause{5000};

  void run();
  Result<void> listen();
  Result<PostgresConnection> subscribe();
  void pass_on(const std::vector<std::string>& payloads);
  void rest(Millis);

  PostgresConnector& connector_;
  Log& log_;
  const Hints hints_;
  const int wake_;
  bool warned_ = false;
  Millis pause_ = kFirstPause;
  std::atomic<bool> ending_ = false;
  std::thread thread_;  // after all that it uses
};

}  // namespace allauth::sql
