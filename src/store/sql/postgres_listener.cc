#include "store/sql/postgres_listener.h"

#include <algorithm>

#include <fmt/format.h>
#include <libpq-fe.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/text.h"

namespace allauth::sql {
namespace {

// Between one word and the next, so that a flood of words is no flood of queries.
constexpr Millis kBetween{5};

}  // namespace

PostgresListener::PostgresListener(PostgresConnector& connector, Log& log, Hints hints)
    : connector_(connector),
      log_(log),
      hints_(std::move(hints)),
      wake_(::eventfd(0, EFD_CLOEXEC)),
      thread_([this] { run(); }) {}

PostgresListener::~PostgresListener() {
  ending_ = true;
  ::eventfd_write(wake_, 1);
  thread_.join();
  ::close(wake_);
}

void PostgresListener::run() {
  while (!ending_) {
    const auto ended = listen();
    hints_.connected(false);
    // What makes connecting fail is said by the connector.
    if (!ended && ended.error().code != Code::unavailable && !std::exchange(warned_, true))
      log_.error("the database does not tell of changes; they are found by looking for them", ended.error());
    // The last digits of the clock are nobody else's, so nodes do not come back together.
    const auto jitter =
        connector_.clock().tick().time_since_epoch().count() / 1000 % (pause_.count() / 2 + 1);
    rest(pause_ - Millis(jitter));
    pause_ = std::min(2 * pause_, kLongestPause);
  }
}

// Until the connection is lost, or this is to end.
Result<void> PostgresListener::listen() {
  TRY(auto connection, subscribe());
  warned_ = false;
  pause_ = kFirstPause;
  hints_.connected(true);
  while (!ending_) {
    TRY(const auto payloads, connection.hear(wake_));
    if (payloads.empty()) continue;
    pass_on(payloads);
    rest(kBetween);
  }
  return {};
}

Result<PostgresConnection> PostgresListener::subscribe() {
  TRY(auto connection, connector_.connect(Database::Access::read_only));
  TRY(const auto channel,
      connection.query(fmt::format("SELECT {}", kPostgresChannel), connector_.longest(), "listen"));
  TRY(connection.query(fmt::format("LISTEN {}", PQgetvalue(channel.get(), 0, 0)), connector_.longest(),
                       "listen"));
  return connection;
}

void PostgresListener::pass_on(const std::vector<std::string>& payloads) {
  std::uint64_t newest = 0;
  for (const auto& payload : payloads) newest = std::max(newest, parse_u64(payload).value_or(0));
  if (newest > 0) hints_.heard(newest);
}

void PostgresListener::rest(Millis pause) {
  pollfd waiting{.fd = wake_, .events = POLLIN, .revents = 0};
  ::poll(&waiting, 1, static_cast<int>(pause.count()));
}

}  // namespace allauth::sql
