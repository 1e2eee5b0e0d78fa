#include "store/sql/postgres.h"

#include <libpq-fe.h>

#include "store/sql/postgres_connector.h"
#include "store/sql/postgres_listener.h"
#include "store/sql/postgres_session.h"

namespace allauth::sql {
namespace {

// Tables that extensions bring do not count.
constexpr const char* kForeign =
    "SELECT to_regclass('schema_version') IS NULL AND EXISTS (SELECT 1 FROM pg_class c JOIN pg_namespace n "
    "ON n.oid = c.relnamespace WHERE n.nspname = current_schema() AND c.relkind IN ('r', 'p', 'v', 'm', 'f') "
    "AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid "
    "AND d.deptype = 'e'))";

constexpr const char* kUnsafe =
    "SELECT string_agg(name, ', ') FROM pg_settings WHERE name IN ('fsync', 'full_page_writes') AND setting "
    "= "
    "'off'";

class PostgresDatabase final : public Database {
 public:
  PostgresDatabase(PostgresTarget target, Clock& clock, Log& log, const DatabaseOptions& options)
      : connector_(std::move(target), clock, log, options), log_(log) {}

  // Whether the database is one for us.
  Result<void> examine() {
    TRY(auto connection, connector_.connect(Access::read_only));
    TRY(const auto foreign, ask(connection, kForeign));
    if (foreign == "t")
      return fail(Code::unsupported, "store.foreign",
                  "The database holds tables of another program; give AllAuth a database of its own.");
    TRY(const auto unsafe, ask(connection, kUnsafe));
    if (!unsafe.empty())
      log_.warn("the database server does not keep what it has stored when its machine fails",
                {{"off", unsafe}});
    return {};
  }

  Result<std::unique_ptr<Session>> connect(Access access) override {
    TRY(auto connection, connector_.connect(access));
    return std::make_unique<PostgresSession>(connector_, access, std::move(connection));
  }
  bool shared() const override { return true; }
  std::unique_ptr<Listening> listen(Hints hints) override {
    return std::make_unique<PostgresListener>(connector_, log_, std::move(hints));
  }

 private:
  Result<std::string> ask(PostgresConnection& connection, const std::string& text) const {
    TRY(const auto result, connection.query(text, connector_.longest(), "examine"));
    return std::string(PQgetvalue(result.get(), 0, 0));
  }

  PostgresConnector connector_;
  Log& log_;
};

}  // namespace

Result<std::unique_ptr<Database>> open_postgres(const std::string& url, Clock& clock, Log& log,
                                                const DatabaseOptions& options) {
  TRY(auto target, PostgresTarget::parse(url, options));
  auto database = std::make_unique<PostgresDatabase>(std::move(target), clock, log, options);
  TRY(database->examine());
  return database;
}

}  // namespace allauth::sql
