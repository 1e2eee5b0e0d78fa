#include "store/node_list.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "store/in_write.h"
#include "store/log.h"
#include "store/to_value.h"

namespace allauth::store {
namespace {

constexpr Millis kForgetAfter = std::chrono::hours(24);

constexpr sql::Statement kReport(
    "nodes.report",
    "INSERT INTO nodes (id, name, version, schema, roles, started_at, seen_at, revision) "
    "VALUES ($1, $2, $3, $4, $5, {now}, {now}, $6) ON CONFLICT (id) DO UPDATE SET "
    "seen_at = excluded.seen_at, revision = excluded.revision");
constexpr sql::Statement kForget("nodes.forget", "DELETE FROM nodes WHERE seen_at < {now} - $1");
constexpr sql::Statement kRemove("nodes.remove", "DELETE FROM nodes WHERE id = $1");
constexpr sql::Statement kAll(
    "nodes.all",
    "SELECT id, name, version, schema, roles, revision, started_at, {now} - seen_at "
    "FROM nodes ORDER BY name, id");

Result<void> write_report(sql::Session& session, const NodeReport& report) {
  const NodeIdentity& node = report.node;
  TRY(session.run(kReport,
                  std::array{to_value(node.id), to_value(node.name), to_value(node.version),
                             to_value(report.schema), to_value(node.roles), to_value(report.revision)}));
  TRY(session.run(kForget, std::array{to_value(kForgetAfter.count())}));
  return {};
}

ListedNode to_node(const sql::Row& row) {
  const auto text = [&row](int column) { return std::string(row.bytes(column)); };
  return {.report = {.node = {.id = text(0), .name = text(1), .version = text(2), .roles = text(4)},
                     .schema = static_cast<int>(row.integer(3)),
                     .revision = static_cast<Revision>(row.integer(5))},
          .started = from_millis(row.integer(6)),
          .silent = std::max(Millis(0), Millis(row.integer(7)))};
}

}  // namespace

Result<void> report_node(sql::Session& session, const NodeReport& report) {
  return in_write(session, [&] { return write_report(session, report); });
}

Result<void> enter_node(sql::Session& session, const NodeReport& report,
                        const std::function<Result<void>()>& may_run) {
  return in_write(session, [&]() -> Result<void> {
    TRY(lock_head(session));
    TRY(may_run());
    return write_report(session, report);
  });
}

Result<void> remove_node(sql::Session& session, const std::string& id) {
  return in_write(session, [&]() -> Result<void> {
    TRY(session.run(kRemove, std::array{to_value(id)}));
    return {};
  });
}

Result<std::vector<ListedNode>> list_nodes(sql::Session& session) {
  std::vector<ListedNode> nodes;
  TRY(const bool there, session.has_table("nodes"));
  if (!there) return nodes;
  TRY(session.run(kAll, {}, [&nodes](const sql::Row& row) -> Result<void> {
    nodes.push_back(to_node(row));
    return {};
  }));
  return nodes;
}

Result<void> require_no_older_node(sql::Session& session, int schema) {
  TRY(const auto nodes, list_nodes(session));
  const auto older = std::ranges::find_if(nodes, [schema](const ListedNode& node) {
    return node.report.schema < schema && node.silent < kGoneAfter;
  });
  if (older == nodes.end()) return {};
  return fail(
      Code::conflict, "store.nodes.older",
      fmt::format("The node {} (allauth {}) knows schema {} and cannot go on with what this step "
                  "leaves, which takes {}; it was seen {} s ago. Stop or upgrade it. If it was killed, "
                  "wait until it has not been seen for a minute, or use --force.",
                  older->report.node.name, older->report.node.version, older->report.schema, schema,
                  std::chrono::duration_cast<Seconds>(older->silent).count()));
}

std::vector<sql::Statement> node_statements() { return {kReport, kRemove}; }

}  // namespace allauth::store
