// A consistent view of the database at one revision: what a read function gets, and the reading half
// of a write (store/write.h). Borrowed for the time of the call; used by one thread.
#pragma once

#include <optional>
#include <span>
#include <utility>

#include "base/error.h"
#include "model/ids.h"
#include "store/sql/session.h"

namespace allauth::store {

class Read {
 public:
  Read(sql::Session& session, Revision revision) : session_(session), revision_(revision) {}
  Read(const Read&) = delete;
  Read& operator=(const Read&) = delete;

  // What is read is the state after this write. In a write: the revision that it gets itself.
  Revision revision() const { return revision_; }

  // Runs a SELECT; `sink` must not be empty. store/rows.h has what is more convenient.
  Result<void> query(const sql::Statement& statement, std::span<const sql::Value> binds,
                     const sql::RowSink& sink);

 protected:
  sql::Session& session_;
  Revision revision_;
  std::optional<Error> failure_;  // of the first statement that failed
};

}  // namespace allauth::store
