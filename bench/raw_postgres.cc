#include "bench/raw_postgres.h"

#include <chrono>
#include <memory>

#include <fmt/format.h>
#include <libpq-fe.h>

#include "base/text.h"

namespace allauth::bench {
namespace {

struct Prepared {
  const char* name;
  const char* text;
};
constexpr Prepared kConnection{
    "connection",
    "INSERT INTO connections (client_id, channel_id, domain_id, publish, subscribe, created_at, created_by, "
    "updated_at, updated_by, revision) VALUES ($1, $2, $3, 1, 1, $4, $5, $6, $7, $8)"};
constexpr Prepared kEntry{
    "entry",
    "INSERT INTO log_entries (revision, batch, time, slug, actor_kind, actor_id, on_behalf_of, domain_id, "
    "request_id, target_kind, target_id) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)"};
constexpr Prepared kImage{"image",
                          "INSERT INTO log_images (revision, ordinal, kind, key, audience, bytes) "
                          "VALUES ($1, 0, $2, $3, $4, $5)"};
constexpr Prepared kLock{"lock", "SELECT revision FROM log_head WHERE id = 1 FOR UPDATE"};
constexpr Prepared kHead{"head", "UPDATE log_head SET revision = $1, batch = $2 WHERE id = 1"};

struct Close {
  void operator()(PGconn* connection) const { PQfinish(connection); }
  void operator()(PGresult* result) const { PQclear(result); }
};
using Answer = std::unique_ptr<PGresult, Close>;

// One value of a statement, as libpq wants it.
struct Bind {
  std::string bytes;
  bool binary = false;
};
Bind text(std::string_view value) { return {.bytes = std::string(value)}; }
Bind blob(std::string_view value) { return {.bytes = std::string(value), .binary = true}; }
Bind integer(std::int64_t value) { return {.bytes = std::to_string(value)}; }

class Connection {
 public:
  static Result<Connection> open(const std::string& url) {
    Connection made(PQconnectdb(url.c_str()));
    if (PQstatus(made.connection_.get()) != CONNECTION_OK) return made.failed();
    for (const auto& each : {kConnection, kEntry, kImage, kLock, kHead})
      TRY(made.check(PQprepare(made.connection_.get(), each.name, each.text, 0, nullptr)));
    return made;
  }

  Result<Answer> execute(const char* statement) { return check(PQexec(connection_.get(), statement)); }

  Result<Answer> run(const Prepared& statement, std::span<const Bind> binds) {
    std::vector<const char*> values;
    std::vector<int> lengths, formats;
    for (const auto& bind : binds) {
      values.push_back(bind.bytes.c_str());
      lengths.push_back(static_cast<int>(bind.bytes.size()));
      formats.push_back(bind.binary ? 1 : 0);
    }
    return check(PQexecPrepared(connection_.get(), statement.name, static_cast<int>(binds.size()),
                                values.data(), lengths.data(), formats.data(), 0));
  }

 private:
  explicit Connection(PGconn* connection) : connection_(connection) {}

  std::unexpected<Error> failed() const {
    return fail(Code::unavailable, "postgres",
                fmt::format("PostgreSQL: {}", trim(PQerrorMessage(connection_.get()))));
  }
  Result<Answer> check(PGresult* result) const {
    Answer answer(result);
    const auto status = PQresultStatus(result);
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) return failed();
    return answer;
  }

  std::unique_ptr<PGconn, Close> connection_;
};

Result<void> write(Connection& connection, const std::string& domain, const store::LogEntry& entry) {
  const auto& image = entry.images.front();
  const auto& act = entry.act;
  const std::string_view key = image.key;
  const auto slash = key.find('/');
  const auto revision = integer(static_cast<std::int64_t>(to_number(entry.revision)));
  const auto time = integer(to_millis(entry.time));
  TRY(connection.run(kConnection,
                     std::array{text(key.substr(0, slash)), text(key.substr(slash + 1)), text(domain), time,
                                text(act.actor_id), time, text(act.actor_id), revision}));
  TRY(connection.run(kEntry, std::array{revision, integer(static_cast<std::int64_t>(entry.tag)), time,
                                        text(act.slug), text(act.actor_kind), text(act.actor_id),
                                        text(act.on_behalf_of), text(act.domain_id), text(act.request_id),
                                        text(act.target_kind), text(act.target_id)}));
  TRY(connection.run(kImage,
                     std::array{revision, integer(static_cast<std::int64_t>(image.kind)), text(key),
                                integer(static_cast<std::int64_t>(image.audience)), blob(image.bytes)}));
  return {};
}

Result<void> batch(Connection& connection, const std::string& domain,
                   std::span<const store::LogEntry> entries) {
  TRY(connection.execute("BEGIN"));
  TRY(connection.run(kLock, {}));
  for (const auto& entry : entries) TRY(write(connection, domain, entry));
  const auto& last = entries.back();
  TRY(connection.run(kHead, std::array{integer(static_cast<std::int64_t>(to_number(last.revision))),
                                       integer(static_cast<std::int64_t>(last.tag))}));
  TRY(connection.execute("COMMIT"));
  return {};
}

}  // namespace

Result<double> replay_on_postgres(const std::string& url, const std::string& domain,
                                  std::span<const store::LogEntry> entries,
                                  const std::vector<std::size_t>& batches) {
  TRY(auto connection, Connection::open(url));
  const auto begin = std::chrono::steady_clock::now();
  for (const auto size : batches) {
    TRY(batch(connection, domain, entries.first(size)));
    entries = entries.subspan(size);
  }
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

Result<std::int64_t> count_on_postgres(const std::string& url) {
  TRY(auto connection, Connection::open(url));
  TRY(const auto answer, connection.execute("SELECT count(*) FROM connections"));
  return static_cast<std::int64_t>(parse_u64(PQgetvalue(answer.get(), 0, 0)).value_or(0));
}

}  // namespace allauth::bench
