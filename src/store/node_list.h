// Who works on the database: one row for each running node, renewed while it runs. For operators, and for
// decisions such as whether an older version is still about; never for what is right or wrong. The table is
// no part of the state: no entry of the log tells of it. Times are the database's, so that the clocks of
// nodes have no part in it.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "model/ids.h"
#include "store/sql/session.h"

namespace allauth::store {

// What a node says of itself.
struct NodeIdentity {
  std::string id;       // of this run: a node that is started again is another one
  std::string name;     // for people
  std::string version;  // of the program
  std::string roles;    // "api,gateway"
  friend bool operator==(const NodeIdentity&, const NodeIdentity&) = default;
};

struct NodeReport {
  NodeIdentity node;
  int schema = 0;       // the newest migration that it knows
  Revision revision{};  // what it has applied
  friend bool operator==(const NodeReport&, const NodeReport&) = default;
};

struct ListedNode {
  NodeReport report;
  Instant started{};
  Millis silent{};  // since its last report
};

// How often a node reports, and after which silence it is taken for gone.
inline constexpr Millis kHeartbeat{15'000};
inline constexpr Millis kGoneAfter = 4 * kHeartbeat;

// Writes the row of a node anew, and removes those that were not renewed for a day. Errors: those of
// sql/session.h.
Result<void> report_node(sql::Session&, const NodeReport&);
// The first report. `may_run` is asked under the lock that keeps the schema as it is, so a step of the schema
// either sees this node or is seen by it.
Result<void> enter_node(sql::Session&, const NodeReport&, const std::function<Result<void>()>& may_run);
Result<void> remove_node(sql::Session&, const std::string& id);

// All that have reported within a day, by name; none if there is no such table yet.
Result<std::vector<ListedNode>> list_nodes(sql::Session&);
// Error: conflict store.nodes.older, which names a node that is there and does not know this schema.
Result<void> require_no_older_node(sql::Session&, int schema);

// What these run for each node, for the test that looks at query plans.
std::vector<sql::Statement> node_statements();

}  // namespace allauth::store
