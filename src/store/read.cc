#include "store/read.h"

namespace allauth::store {

Result<void> Read::query(const sql::Statement& statement, std::span<const sql::Value> binds,
                         const sql::RowSink& sink) {
  if (!statement.is_query())
    return fail(Code::bug, "store.sql", "Only a SELECT can be run as a query.", {},
                std::string(statement.name()));
  auto result = session_.run(statement, binds, sink);
  if (result) return {};
  if (!failure_) failure_ = result.error();
  return fail(std::move(result).error());
}

}  // namespace allauth::store
