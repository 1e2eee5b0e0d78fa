#include "store/sql/postgres_connector.h"

#include <algorithm>

#include <fmt/format.h>

#include "store/sql/postgres_error.h"

namespace allauth::sql {
namespace {

constexpr int kOldestServer = 130'000;
// One that holds the lock of the log and says nothing for that long loses it: all others wait for it.
constexpr Millis kSilentWriter{10'000};
constexpr Millis kSilentReader{300'000};

Result<void> check_server(const PostgresConnection& connection) {
  if (connection.server_version() < kOldestServer)
    return fail(Code::unsupported, "store.version",
                "The database server is too old; PostgreSQL 13 is needed.");
  if (const auto encoding = connection.setting("server_encoding"); encoding != "UTF8")
    return fail(Code::unsupported, "store.encoding",
                fmt::format("The database has the encoding {}; create it with ENCODING 'UTF8'.", encoding));
  return {};
}

// Whoever has an answer relies on it, whatever a role or the server says about commits.
constexpr std::string_view kSettings =
    "SET client_min_messages = warning; SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5; "
    "SET tcp_keepalives_count = 3; SET tcp_user_timeout = 20000; "
    "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = "
    "'off'; ";

std::string settings(const DatabaseOptions& options, Database::Access access) {
  const bool reads = access == Database::Access::read_only;
  return fmt::format(
      "{}SET statement_timeout = {}; SET lock_timeout = {}; SET idle_in_transaction_session_timeout = {}; "
      "SET default_transaction_read_only = {}",
      kSettings, options.statement_timeout.count(), options.lock_timeout.count(),
      (reads ? kSilentReader : kSilentWriter).count(), reads ? "on" : "off");
}

}  // namespace

Result<PostgresConnection> PostgresConnector::connect(Database::Access access) {
  bool alone = false;
  if (auto refusal = admit(alone)) return fail(*std::move(refusal));
  auto connection = try_hosts(access);
  note(connection ? std::nullopt : std::optional(connection.error()), alone);
  return connection;
}

std::optional<Error> PostgresConnector::admit(bool& alone) {
  std::lock_guard lock(mutex_);
  if (!trouble_) return std::nullopt;
  if (trying_ || clock_.tick() < next_try_) return trouble_;
  trying_ = alone = true;
  return std::nullopt;
}

void PostgresConnector::note(const std::optional<Error>& trouble, bool alone) {
  std::lock_guard lock(mutex_);
  if (alone) trying_ = false;
  if (!trouble) {
    if (trouble_) log_.info("the database can be reached again");
    trouble_.reset();
    reached_ = true;
    pause_ = kFirstPause;
    return;
  }
  if (reached_ && !trouble_) log_.error("the database cannot be reached", *trouble);
  if (!alone && trouble_) return;  // several noticed it at once
  trouble_ = trouble;
  // The last digits of the clock are nobody else's, so nodes that lost it together do not come back so.
  const auto now = clock_.tick();
  const auto jitter = now.time_since_epoch().count() / 1000 % (pause_.count() / 2 + 1);
  next_try_ = now + pause_ - Millis(jitter);
  pause_ = std::min(2 * pause_, kLongestPause);
}

// The error of the last host, with what was said about each.
Result<PostgresConnection> PostgresConnector::try_hosts(Database::Access access) const {
  std::string said;
  for (std::size_t host = 0;; ++host) {
    auto connection = try_host(host, access);
    if (connection) return connection;
    said += (said.empty() ? "" : "; ") + connection.error().detail;
    if (host + 1 < target_.hosts()) continue;
    Error error = std::move(connection).error();
    error.detail = std::move(said);
    return fail(std::move(error));
  }
}

Result<PostgresConnection> PostgresConnector::try_host(std::size_t host, Database::Access access) const {
  TRY(const auto parameters, target_.parameters(host));
  TRY(auto connection, PostgresConnection::open(parameters, clock_, options_.connect_timeout));
  TRY(check_server(connection));
  TRY(connection.query(settings(options_, access), options_.connect_timeout, "settings"));
  return connection;
}

}  // namespace allauth::sql
