#include "store/sql/postgres_session.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <libpq-fe.h>

#include "base/text.h"
#include "store/sql/postgres_error.h"
#include "store/sql/postgres_listener.h"
#include "store/sql/postgres_plan.h"

namespace allauth::sql {
namespace {

// "AlAu": the one that changes the schema holds this lock, whatever tables there are.
constexpr int kSchemaLock = 0x416C4175;

constexpr std::string_view kSavepoint = "SAVEPOINT w";
constexpr std::string_view kRelease = "RELEASE w";
// So many statements are sent at once.
constexpr std::size_t kPiece = 128;

// The words of migrations. Text is compared bytewise, as everywhere else.
constexpr std::array<ScriptWord, 5> kWords{{
    {"{{int}}", "BIGINT"},
    {"{{text}}", "TEXT COLLATE \"C\""},
    {"{{blob}}", "BYTEA"},
    {"{{table}}", ""},
    {"{{clustered}}", ""},
}};

// From PostgreSQL's catalogue (pg_type.dat): what a Row can hold.
enum class Column : Oid {
  boolean = 16,
  bytea = 17,
  name = 19,
  int8 = 20,
  int2 = 21,
  int4 = 23,
  text = 25,
  varchar = 1043
};

bool is_readable(Oid type) {
  constexpr std::array kAll{Column::boolean, Column::bytea, Column::name, Column::int8,
                            Column::int2,    Column::int4,  Column::text, Column::varchar};
  return std::ranges::find(kAll, static_cast<Column>(type)) != kAll.end();
}

class PostgresRow final : public Row {
 public:
  PostgresRow(const PGresult* result, int row) : result_(result), row_(row) {}
  bool is_null(int column) const override { return PQgetisnull(result_, row_, column) == 1; }
  std::int64_t integer(int column) const override {
    const auto bytes = this->bytes(column);
    if (bytes.empty() || bytes.size() > sizeof(std::int64_t)) return 0;
    // Two's complement, most significant byte first; a narrower number has its sign spread to the left.
    const bool negative = (static_cast<unsigned char>(bytes.front()) & 0x80) != 0;
    std::uint64_t number = negative ? ~std::uint64_t{0} : 0;
    for (const char byte : bytes) number = number << 8 | static_cast<unsigned char>(byte);
    return static_cast<std::int64_t>(number);
  }
  std::string_view bytes(int column) const override {
    return {PQgetvalue(result_, row_, column), static_cast<std::size_t>(PQgetlength(result_, row_, column))};
  }

 private:
  const PGresult* result_;
  int row_;
};

Result<void> check_columns(const PGresult* result, const Statement& statement) {
  for (int column = 0; column < PQnfields(result); ++column)
    if (!is_readable(PQftype(result, column)))
      return fail(Code::bug, "store.sql", "A statement answers a column of a type that rows do not have.", {},
                  fmt::format("{}: {}", statement.name(), PQfname(result, column)));
  return {};
}

std::vector<Value::Type> types_of(std::span<const Value> binds) {
  std::vector<Value::Type> types;
  for (const Value& bind : binds) types.push_back(bind.type());
  return types;
}

std::string text_of(const Statement& statement) {
  return render(statement, {.for_update = "FOR UPDATE",
                            .now = "CAST(EXTRACT(EPOCH FROM statement_timestamp()) * 1000 AS BIGINT)"});
}

}  // namespace

Result<RunResult> PostgresSession::run(const Statement& statement, std::span<const Value> binds,
                                       const RowSink& sink) {
  TRY(check_binds(statement, binds));
  if (failed_) return fail(*failed_);
  TRY(auto name, prepared(statement, binds));
  TRY(const auto result,
      send({{.statement = std::move(name), .binds = binds, .prepared = true}}, statement.name()));
  if (PQresultStatus(result.get()) == PGRES_TUPLES_OK) {
    TRY(check_columns(result.get(), statement));
    for (int row = 0; sink && row < PQntuples(result.get()); ++row) TRY(sink(PostgresRow(result.get(), row)));
    return RunResult{};
  }
  return RunResult{static_cast<std::int64_t>(parse_u64(PQcmdTuples(result.get())).value_or(0))};
}

Result<void> PostgresSession::run_each(const Statement& statement, std::span<const std::vector<Value>> rows) {
  for (const auto& binds : rows) TRY(check_binds(statement, binds));
  if (failed_) return fail(*failed_);
  while (!rows.empty()) {
    const auto piece = rows.first(std::min(rows.size(), kPiece));
    std::vector<PostgresConnection::Step> steps;
    for (const auto& binds : piece) {
      TRY(auto name, prepared(statement, binds));
      steps.push_back({.statement = std::move(name), .binds = binds, .prepared = true});
    }
    TRY(send(std::move(steps), statement.name()));
    rows = rows.subspan(piece.size());
  }
  return {};
}

Result<PostgresResult> PostgresSession::send(std::vector<PostgresConnection::Step> steps,
                                             std::string_view during) {
  for (const auto& step : steps) TRY(PostgresConnection::check_sizes(step.binds));
  const std::size_t waiting = waiting_.size();
  if (waiting == 0 && steps.size() == 1) {
    const auto& only = steps.front();
    auto result = connection_.execute(only.statement, only.binds, connector_.longest(), during);
    if (!result) remember(result.error());
    return result;
  }
  std::vector<PostgresConnection::Step> all;
  for (const auto word : std::exchange(waiting_, {})) all.push_back({.statement = std::string(word)});
  std::ranges::move(steps, std::back_inserter(all));
  auto result = connection_.execute(all, connector_.longest(), during);
  if (result) return *std::move(result);
  auto& [step, error] = result.error();
  remember(error);
  if (step < waiting) savepoint_lost_ = error;
  return fail(std::move(error));
}

void PostgresSession::remember(const Error& error) {
  if (connection_.in_transaction()) failed_ = error;
}

Result<void> PostgresSession::send_waiting() {
  if (waiting_.empty()) return {};
  TRY(send({}, waiting_.back()));
  return {};
}

void PostgresSession::forget_waiting() {
  waiting_.clear();
  savepoint_lost_.reset();
}

Result<void> PostgresSession::savepoint() {
  waiting_.push_back(kSavepoint);
  return {};
}

Result<void> PostgresSession::release() {
  if (!waiting_.empty() && waiting_.back() == kSavepoint)
    waiting_.pop_back();  // nothing was done within it
  else
    waiting_.push_back(kRelease);
  return {};
}

Result<std::string> PostgresSession::prepared(const Statement& statement, std::span<const Value> binds) {
  auto& known = prepared_[{statement.text().data(), statement.columns().data()}];
  for (const auto& one : known)
    if (std::ranges::equal(one.types, binds, {}, {}, &Value::type)) return one.name;
  TRY(send_waiting());  // should it fail, then within the savepoint
  Prepared made{types_of(binds), fmt::format("s{}", ++names_)};
  auto done =
      connection_.prepare(made.name, text_of(statement), made.types, connector_.longest(), statement.name());
  if (!done) {
    remember(done.error());
    return fail(std::move(done).error());
  }
  return known.emplace_back(std::move(made)).name;
}

Result<void> PostgresSession::run_script(std::string_view text) {
  TRY(send_waiting());
  return execute(render_script(text, kWords));
}

Result<void> PostgresSession::execute(const std::string& text) {
  const auto limit = changing_schema_ ? PostgresConnection::Limit() : connector_.longest();
  TRY(connection_.query(text, limit, text.substr(0, 60)));
  return {};
}

Result<void> PostgresSession::begin_read() {
  return begin("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
}

// Each statement sees what was committed before it: after the head of the log is locked, all of it.
Result<void> PostgresSession::begin_write() {
  return begin("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE");
}

// Locking the table of the head keeps writers away and lets readers in.
Result<void> PostgresSession::begin_schema_change() {
  TRY(begin("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE"));
  changing_schema_ = true;
  auto locked =
      execute(fmt::format("SET LOCAL statement_timeout = 0; SELECT pg_advisory_xact_lock({}); "
                          "DO $$ BEGIN IF to_regclass('log_head') IS NOT NULL THEN "
                          "LOCK TABLE log_head IN EXCLUSIVE MODE; END IF; END $$",
                          kSchemaLock));
  if (!locked) rollback();
  return locked;
}

// A connection that was lost while nothing was asked of it is noticed here only.
Result<void> PostgresSession::begin(const std::string& text) {
  failed_.reset();
  forget_waiting();
  if (connection_.is_open()) {
    auto begun = execute(text);
    if (begun || connection_.is_open()) return begun;
  }
  TRY(reconnect());
  return execute(text);
}

Result<void> PostgresSession::reconnect() {
  prepared_.clear();
  TRY(connection_, connector_.connect(access_));
  return {};
}

Result<void> PostgresSession::commit() {
  connection_.take_warnings();
  forget_waiting();  // it releases all there is
  auto done = connection_.query(announcement() + "COMMIT", connector_.longest(), "COMMIT");
  if (!done) {
    rollback();
    return fail(std::move(done).error());
  }
  changing_schema_ = false;
  // The server answers so when a statement of the transaction had failed.
  if (std::string_view(PQcmdStatus(done->get())) == "ROLLBACK")
    return fail(Code::bug, "store.sql",
                "A transaction was committed after one of its statements had failed.");
  // It says by a warning that the wait for a synchronous standby was cut short.
  if (connection_.take_warnings() > 0) return fail(unreachable("COMMIT", "the standby has not confirmed it"));
  return {};
}

// Where a session that listens has slept through half of the server's queue, nothing is put into it: a full
// one makes commits fail.
std::string PostgresSession::announcement() {
  const auto revision = std::exchange(announced_, 0);
  if (revision == 0) return {};
  return fmt::format("SELECT pg_notify({}, '{}') WHERE pg_notification_queue_usage() < 0.5; ",
                     kPostgresChannel, revision);
}

void PostgresSession::rollback() {
  changing_schema_ = false;
  announced_ = 0;
  failed_.reset();
  forget_waiting();
  if (connection_.in_transaction() && !execute("ROLLBACK")) connection_.close();
}

Result<void> PostgresSession::rollback_to_savepoint() {
  if (savepoint_lost_) return fail(*savepoint_lost_);
  failed_.reset();
  if (!waiting_.empty() && waiting_.back() == kSavepoint) return {};  // nothing was done within it
  return execute("ROLLBACK TO w");
}

Result<bool> PostgresSession::has_table(std::string_view name) {
  static constexpr Statement kTable("postgres.has_table", "SELECT to_regclass($1) IS NOT NULL");
  bool found = false;
  TRY(run(kTable, std::array{Value(name)}, [&found](const Row& row) -> Result<void> {
    found = row.integer(0) != 0;
    return {};
  }));
  return found;
}

// The plan for any values, with every other way made dear: what is left of scans cannot be avoided.
Result<std::vector<std::string>> PostgresSession::table_scans(const Statement& statement) {
  TRY(begin("BEGIN"));
  auto explain = [&]() -> Result<std::vector<std::string>> {
    TRY(
        execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off; "
                "SET LOCAL enable_sort = off; SET LOCAL plan_cache_mode = force_generic_plan"));
    const std::vector<Value::Type> types(static_cast<std::size_t>(statement.parameters()), Value::Type::null);
    TRY(connection_.prepare("plan", text_of(statement), types, connector_.longest(), statement.name()));
    std::string values;
    for (std::size_t i = 0; i < types.size(); ++i) values += i == 0 ? "(NULL" : ", NULL";
    if (!values.empty()) values += ')';
    TRY(const auto result, connection_.query(fmt::format("EXPLAIN (COSTS OFF) EXECUTE plan{}", values),
                                             connector_.longest(), statement.name()));
    std::vector<std::string> plan;
    for (int row = 0; row < PQntuples(result.get()); ++row)
      plan.emplace_back(PQgetvalue(result.get(), row, 0));
    return scans_in(plan);
  }();
  rollback();
  if (connection_.is_open()) TRY(execute("DEALLOCATE ALL"));
  prepared_.clear();
  return explain;
}

}  // namespace allauth::sql
