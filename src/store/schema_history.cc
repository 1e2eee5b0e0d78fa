#include "store/schema_history.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "codec/base64.h"
#include "crypto/hash.h"
#include "store/to_value.h"

namespace allauth::store {
namespace {

constexpr std::string_view kTables = R"(
CREATE TABLE IF NOT EXISTS schema_version (
  version {{int}} NOT NULL PRIMARY KEY,
  checksum {{text}} NOT NULL,
  min_compatible {{int}} NOT NULL,
  applied_at {{int}} NOT NULL
) {{table}};
CREATE TABLE IF NOT EXISTS schema_progress (
  version {{int}} NOT NULL PRIMARY KEY,
  position {{text}} NOT NULL
) {{table}};
)";
constexpr sql::Statement kApplied(
    "schema.applied",
    "SELECT version, checksum, min_compatible, applied_at FROM schema_version ORDER BY version");
constexpr sql::Statement kRecord(
    "schema.record",
    "INSERT INTO schema_version (version, checksum, min_compatible, applied_at) VALUES ($1, $2, $3, $4)");
constexpr sql::Statement kProgress("schema.progress",
                                   "SELECT position FROM schema_progress WHERE version = $1");
constexpr sql::Statement kBegin("schema.begin",
                                "INSERT INTO schema_progress (version, position) VALUES ($1, '')");
constexpr sql::Statement kMove("schema.move", "UPDATE schema_progress SET position = $1 WHERE version = $2");
constexpr sql::Statement kEnd("schema.end", "DELETE FROM schema_progress WHERE version = $1");

std::string checksum_of(const Migration& migration) {
  return codec::hex_encode(codec::as_text(crypto::sha256(migration.text)));
}

}  // namespace

Result<void> prepare_history(sql::Session& session) { return session.run_script(kTables); }

Result<std::vector<AppliedMigration>> read_applied(sql::Session& session) {
  std::vector<AppliedMigration> applied;
  TRY(const bool there, session.has_table("schema_version"));
  if (!there) return applied;
  TRY(session.run(kApplied, {}, [&applied](const sql::Row& row) -> Result<void> {
    applied.push_back(
        {row.integer(0), std::string(row.bytes(1)), row.integer(2), from_millis(row.integer(3))});
    return {};
  }));
  return applied;
}

Result<void> check_history(std::span<const AppliedMigration> applied, std::span<const Migration> known) {
  for (std::size_t i = 0; i < applied.size(); ++i) {
    if (applied[i].min_compatible > static_cast<std::int64_t>(known.size()))
      return fail(Code::unsupported, "store.schema.too_new",
                  fmt::format("The database was changed by a newer allauth (schema {}, this one knows {}); "
                              "start that version, or restore the backup made before the upgrade.",
                              applied[i].version, known.size()));
    if (i < known.size() &&
        (applied[i].version != known[i].version || applied[i].checksum != checksum_of(known[i])))
      return fail(Code::unsupported, "store.migration.changed",
                  fmt::format("The database was made with another schema {} than this allauth knows; start "
                              "the version that made it.",
                              known[i].version));
  }
  return {};
}

Result<void> record_applied(sql::Session& session, const Migration& migration, Instant now) {
  const std::string checksum = checksum_of(migration);
  TRY(session.run(kRecord, std::array{to_value(migration.version), to_value(checksum),
                                      to_value(migration.min_compatible), to_value(now)}));
  return {};
}

Result<std::optional<std::string>> read_progress(sql::Session& session, int version) {
  std::optional<std::string> position;
  TRY(const bool there, session.has_table("schema_progress"));
  if (!there) return position;
  TRY(session.run(kProgress, std::array{to_value(version)}, [&position](const sql::Row& row) -> Result<void> {
    position = std::string(row.bytes(0));
    return {};
  }));
  return position;
}

Result<void> begin_progress(sql::Session& session, int version) {
  TRY(session.run(kBegin, std::array{to_value(version)}));
  return {};
}

Result<void> move_progress(sql::Session& session, int version, std::string_view position) {
  TRY(session.run(kMove, std::array{to_value(position), to_value(version)}));
  return {};
}

Result<void> end_progress(sql::Session& session, int version) {
  TRY(session.run(kEnd, std::array{to_value(version)}));
  return {};
}

}  // namespace allauth::store
