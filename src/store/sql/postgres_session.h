// A connection to a PostgreSQL database that is made anew when it was lost.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "store/sql/postgres_connector.h"
#include "store/sql/session.h"

namespace allauth::sql {

class PostgresSession final : public Session {
 public:
  // `connector` is borrowed.
  PostgresSession(PostgresConnector& connector, Database::Access access, PostgresConnection connection)
      : connector_(connector), access_(access), connection_(std::move(connection)) {}

  Result<RunResult> run(const Statement&, std::span<const Value> binds, const RowSink& sink) override;
  Result<void> run_each(const Statement&, std::span<const std::vector<Value>> rows) override;
  Result<void> run_script(std::string_view text) override;
  Result<std::vector<std::string>> table_scans(const Statement&) override;
  Result<void> begin_read() override;
  Result<void> begin_write() override;
  Result<void> commit() override;
  void rollback() override;
  void announce(std::uint64_t revision) override { announced_ = revision; }
  Result<void> begin_schema_change() override;
  Result<bool> has_table(std::string_view name) override;
  Result<void> savepoint() override;
  Result<void> release() override;
  Result<void> rollback_to_savepoint() override;

 private:
  // A statement is prepared once for each combination of types that it was run with.
  struct Prepared {
    std::vector<Value::Type> types;
    std::string name;
  };

  Result<std::string> prepared(const Statement&, std::span<const Value> binds);
  // Everything that waits, then these: together. They may be none.
  Result<PostgresResult> send(std::vector<PostgresConnection::Step>, std::string_view during);
  void remember(const Error&);
  Result<void> send_waiting();
  void forget_waiting();
  Result<void> begin(const std::string& text);
  Result<void> reconnect();
  Result<void> execute(const std::string& text);
  std::string announcement();

  PostgresConnector& connector_;
  const Database::Access access_;
  PostgresConnection connection_;
  // By the addresses of text and columns, which are constants: no hashing of long texts.
  std::map<std::pair<const char*, const char*>, std::vector<Prepared>, std::less<>> prepared_;
  std::size_t names_ = 0;
  // Why the transaction is of no use until it, or a part of it, is rolled back: the server says no more
  // than that it is.
  std::optional<Error> failed_;
  // SAVEPOINT and RELEASE go with the next statement, for a round trip each would cost more than most
  // statements do.
  std::vector<std::string_view> waiting_;
  // Why one of them failed: then nobody knows which savepoint there is.
  std::optional<Error> savepoint_lost_;
  std::uint64_t announced_ = 0;   // with the commit; 0: nothing
  bool changing_schema_ = false;  // takes as long as it takes
};

}  // namespace allauth::sql
