// One connection to a PostgreSQL server: libpq's calls that do not block, each with a deadline of our
// own, so that no thread waits for ever on a network that has died.
#pragma once

#include <expected>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "store/sql/value.h"

struct pg_conn;
struct pg_result;

namespace allauth::sql {

struct ClosePostgres {
  void operator()(pg_conn*) const;
};
struct ClearPostgres {
  void operator()(pg_result*) const;
};
using PostgresHandle = std::unique_ptr<pg_conn, ClosePostgres>;
using PostgresResult = std::unique_ptr<pg_result, ClearPostgres>;

// libpq's parameters by name; of two with one name the later counts. They may hold a password.
using PostgresParameters = std::vector<std::pair<std::string, std::string>>;

// Not thread-safe. Once the server is lost the connection is closed and all calls fail.
class PostgresConnection {
 public:
  // nullopt as time: no limit.
  using Limit = std::optional<Millis>;

  PostgresConnection() = default;
  // Connects to one host within `longest` (looking up its name may take longer, as long as the
  // system's resolver allows). Errors: session.h, those of connecting.
  static Result<PostgresConnection> open(const PostgresParameters&, Clock&, Millis longest);

  bool is_open() const { return handle_ != nullptr; }
  void close() { handle_.reset(); }
  bool in_transaction() const;
  int server_version() const;                        // 150004 is 15.4
  std::string_view setting(const char* name) const;  // that the server reports by itself

  // Statements without binds; the last result, in text form. `during` is for the details of errors.
  Result<PostgresResult> query(const std::string& text, Limit longest, std::string_view during);
  // `types` has the type of each bind; null: the server finds out.
  Result<void> prepare(const std::string& name, const std::string& text, std::span<const Value::Type> types,
                       Limit longest, std::string_view during);
  // Error row.too_large: execute() cannot send them.
  static Result<void> check_sizes(std::span<const Value> binds);
  // Results in binary form.
  Result<PostgresResult> execute(const std::string& name, std::span<const Value> binds, Limit longest,
                                 std::string_view during);

  // Statements that are sent together and answered together: each runs if all before it went well. Binds
  // are borrowed until the call returns.
  struct Step {
    std::string statement;  // the name of a prepared one, or the text of one without binds
    std::span<const Value> binds = {};
    bool prepared = false;
  };
  struct StepFailure {
    std::size_t step;
    Error error;
  };
  // The result of the last one, in binary form; or the first that failed (0 where the connection did).
  std::expected<PostgresResult, StepFailure> execute(std::span<const Step> steps, Limit longest,
                                                     std::string_view during);

  // Waits for notifications, or for `wake` to become readable; the payloads of those that have come.
  Result<std::vector<std::string>> hear(int wake);

  // Warnings that the server has sent since this was last asked.
  int take_warnings();

 private:
  PostgresConnection(PostgresHandle handle, Clock& clock);
  Result<PostgresResult> finish(int sent, Limit longest, std::string_view during);
  Result<void> send(const Step&, std::string_view during);
  std::expected<PostgresResult, StepFailure> collect_steps(std::size_t count, std::optional<Tick> until,
                                                           std::string_view during);
  Result<void> end_pipeline(std::optional<Tick> until, std::string_view during);
  Result<void> flush(std::optional<Tick> until, std::string_view during);
  Result<PostgresResult> collect(std::optional<Tick> until, std::string_view during);
  Result<void> wait(short events, std::optional<Tick> until, std::string_view during);
  Result<void> receive(std::string_view during);
  std::unexpected<Error> lost(std::string_view during, std::string_view said);

  PostgresHandle handle_;
  Clock* clock_ = nullptr;
  std::unique_ptr<int> warnings_;  // libpq holds its address
};

}  // namespace allauth::sql
