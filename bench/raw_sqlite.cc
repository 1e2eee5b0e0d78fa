#include "bench/raw_sqlite.h"

#include <chrono>
#include <memory>

#include <fmt/format.h>
#include <sqlite3.h>

#include "bench/stats.h"

namespace allauth::bench {
namespace {

// As the store opens its writing connection.
constexpr const char* kPragmas =
    "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;"
    "PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON; PRAGMA temp_store = MEMORY;"
    "PRAGMA cache_size = -16384; PRAGMA journal_size_limit = 67108864";
constexpr const char* kConnection =
    "INSERT INTO connections (client_id, channel_id, domain_id, publish, subscribe, created_at, created_by, "
    "updated_at, updated_by, revision) VALUES (?, ?, ?, 1, 1, ?, ?, ?, ?, ?)";
constexpr const char* kEntry =
    "INSERT INTO log_entries (revision, batch, time, slug, actor_kind, actor_id, on_behalf_of, domain_id, "
    "request_id, target_kind, target_id) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
constexpr const char* kImage =
    "INSERT INTO log_images (revision, ordinal, kind, key, audience, bytes) VALUES (?, 0, ?, ?, ?, ?)";
constexpr const char* kUsersByName =
    "SELECT id, email, username, name, tags, metadata, status, created_at, created_by, updated_at, "
    "updated_by, "
    "revision FROM users WHERE (name, id) > (?, ?) ORDER BY name, id LIMIT ?";
constexpr const char* kLock = "SELECT revision FROM log_head WHERE id = 1";
constexpr const char* kHead = "UPDATE log_head SET revision = ?, batch = ? WHERE id = 1";

struct Close {
  void operator()(sqlite3* db) const { sqlite3_close_v2(db); }
  void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};
using Handle = std::unique_ptr<sqlite3, Close>;

std::unexpected<Error> failed(sqlite3* db) {
  return fail(Code::unavailable, "sqlite", fmt::format("SQLite: {}.", sqlite3_errmsg(db)));
}

Result<Handle> open(const std::string& path) {
  sqlite3* raw = nullptr;
  const int code = sqlite3_open_v2(path.c_str(), &raw, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, nullptr);
  Handle db(raw);
  if (code != SQLITE_OK) return failed(raw);
  return db;
}

Result<void> execute(sqlite3* db, const char* text) {
  if (sqlite3_exec(db, text, nullptr, nullptr, nullptr) != SQLITE_OK) return failed(db);
  return {};
}

// A prepared statement that is run again and again.
class Statement {
 public:
  static Result<Statement> prepare(sqlite3* db, const char* text) {
    sqlite3_stmt* raw = nullptr;
    if (sqlite3_prepare_v3(db, text, -1, SQLITE_PREPARE_PERSISTENT, &raw, nullptr) != SQLITE_OK)
      return failed(db);
    return Statement(db, raw);
  }
  Statement& text(std::string_view value) {
    sqlite3_bind_text(statement_.get(), ++bound_, value.data(), static_cast<int>(value.size()),
                      SQLITE_STATIC);
    return *this;
  }
  Statement& blob(std::string_view value) {
    sqlite3_bind_blob(statement_.get(), ++bound_, value.data(), static_cast<int>(value.size()),
                      SQLITE_STATIC);
    return *this;
  }
  Statement& integer(std::int64_t value) {
    sqlite3_bind_int64(statement_.get(), ++bound_, value);
    return *this;
  }
  // Answers the first column of the last row, or 0.
  Result<std::int64_t> run() {
    std::int64_t answer = 0;
    int code = 0;
    while ((code = sqlite3_step(statement_.get())) == SQLITE_ROW)
      answer = sqlite3_column_int64(statement_.get(), 0);
    sqlite3_reset(statement_.get());
    bound_ = 0;
    if (code != SQLITE_DONE) return failed(db_);
    return answer;
  }

 private:
  Statement(sqlite3* db, sqlite3_stmt* raw) : db_(db), statement_(raw) {}
  sqlite3* db_;
  std::unique_ptr<sqlite3_stmt, Close> statement_;
  int bound_ = 0;
};

class Replay {
 public:
  static Result<Replay> prepare(sqlite3* db) {
    TRY(auto begin, Statement::prepare(db, "BEGIN IMMEDIATE"));
    TRY(auto commit, Statement::prepare(db, "COMMIT"));
    TRY(auto lock, Statement::prepare(db, kLock));
    TRY(auto connection, Statement::prepare(db, kConnection));
    TRY(auto entry, Statement::prepare(db, kEntry));
    TRY(auto image, Statement::prepare(db, kImage));
    TRY(auto head, Statement::prepare(db, kHead));
    return Replay(std::move(begin), std::move(commit), std::move(lock), std::move(connection),
                  std::move(entry), std::move(image), std::move(head));
  }

  Result<void> batch(const std::string& domain, std::span<const store::LogEntry> entries) {
    TRY(begin_.run());
    TRY(lock_.run());
    for (const auto& entry : entries) TRY(write(domain, entry));
    const auto& last = entries.back();
    head_.integer(static_cast<std::int64_t>(to_number(last.revision)));
    TRY(head_.integer(static_cast<std::int64_t>(last.tag)).run());
    TRY(commit_.run());
    return {};
  }

 private:
  Replay(Statement begin, Statement commit, Statement lock, Statement connection, Statement entry,
         Statement image, Statement head)
      : begin_(std::move(begin)),
        commit_(std::move(commit)),
        lock_(std::move(lock)),
        connection_(std::move(connection)),
        entry_(std::move(entry)),
        image_(std::move(image)),
        head_(std::move(head)) {}

  Result<void> write(const std::string& domain, const store::LogEntry& entry) {
    const auto& image = entry.images.front();
    const auto& act = entry.act;
    const std::string_view key = image.key;
    const auto slash = key.find('/');
    const auto revision = static_cast<std::int64_t>(to_number(entry.revision));
    const auto time = to_millis(entry.time);
    connection_.text(key.substr(0, slash)).text(key.substr(slash + 1)).text(domain).integer(time);
    TRY(connection_.text(act.actor_id).integer(time).text(act.actor_id).integer(revision).run());
    entry_.integer(revision)
        .integer(static_cast<std::int64_t>(entry.tag))
        .integer(time)
        .text(act.slug)
        .text(act.actor_kind)
        .text(act.actor_id);
    entry_.text(act.on_behalf_of).text(act.domain_id).text(act.request_id);
    TRY(entry_.text(act.target_kind).text(act.target_id).run());
    image_.integer(revision).integer(static_cast<std::int64_t>(image.kind)).text(key);
    TRY(image_.integer(static_cast<std::int64_t>(image.audience)).blob(image.bytes).run());
    return {};
  }

  Statement begin_, commit_, lock_, connection_, entry_, image_, head_;
};

}  // namespace

Result<double> replay_on_sqlite(const std::string& path, const std::string& domain,
                                std::span<const store::LogEntry> entries,
                                const std::vector<std::size_t>& batches) {
  TRY(const auto db, open(path));
  TRY(execute(db.get(), kPragmas));
  TRY(auto replay, Replay::prepare(db.get()));
  const auto begin = std::chrono::steady_clock::now();
  for (const auto size : batches) {
    TRY(replay.batch(domain, entries.first(size)));
    entries = entries.subspan(size);
  }
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

Result<double> page_on_sqlite(const std::string& path, const std::string& name, const std::string& id,
                              std::size_t rows, std::size_t times) {
  TRY(const auto db, open(path));
  sqlite3_stmt* raw = nullptr;
  if (sqlite3_prepare_v3(db.get(), kUsersByName, -1, SQLITE_PREPARE_PERSISTENT, &raw, nullptr) != SQLITE_OK)
    return failed(db.get());
  const std::unique_ptr<sqlite3_stmt, Close> statement(raw);
  Latencies latencies;
  for (std::size_t i = 0; i < times; ++i) {
    const auto begin = std::chrono::steady_clock::now();
    sqlite3_bind_text(raw, 1, name.data(), static_cast<int>(name.size()), SQLITE_STATIC);
    sqlite3_bind_text(raw, 2, id.data(), static_cast<int>(id.size()), SQLITE_STATIC);
    sqlite3_bind_int64(raw, 3, static_cast<std::int64_t>(rows));
    std::size_t bytes = 0;
    while (sqlite3_step(raw) == SQLITE_ROW)
      for (int column = 0; column < sqlite3_column_count(raw); ++column)
        bytes += std::string_view(reinterpret_cast<const char*>(sqlite3_column_text(raw, column))).size();
    sqlite3_reset(raw);
    if (bytes == 0) return failed(db.get());
    latencies.add(
        std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now() - begin)
            .count());
  }
  return latencies.micros(0.5);
}

Result<std::int64_t> count_on_sqlite(const std::string& path) {
  TRY(const auto db, open(path));
  TRY(auto count, Statement::prepare(db.get(), "SELECT count(*) FROM connections"));
  return count.run();
}

}  // namespace allauth::bench
