#include "store/read.h"

namespace allauth::store {

Result<void> Read::query(const sql::Statement& statement, std::span<const sql::Value> binds,
                         const sql::RowSink& sink) {
  if (!statement.is_query())
    return fail(Code::bug, "store.sql", "Only a SELECT can be run as a query.", {},
                std::string(statement.name()));
  bool stopped = false;  // by the sink, which is no failure of the statement
  auto result = session_.run(statement, binds, [&](const sql::Row& row) -> Result<void> {
    auto taken = sink(row);
    stopped = !taken;
    return taken;
  });
  if (result) return {};
  if (!stopped && !failure_) failure_ = result.error();
  return fail(std::move(result).error());
}

}  // namespace allauth::store
