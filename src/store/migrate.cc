#include "store/migrate.h"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "crypto/hash.h"
#include "store/migrations/list.h"
#include "store/to_value.h"

namespace allauth::store {
namespace {

constexpr std::string_view kTable = R"(
CREATE TABLE IF NOT EXISTS schema_version (
  version {{int}} NOT NULL PRIMARY KEY,
  checksum {{text}} NOT NULL,
  min_compatible {{int}} NOT NULL,
  applied_at {{int}} NOT NULL
) {{table}};
)";
constexpr sql::Statement kApplied(
    "schema.applied", "SELECT version, checksum, min_compatible FROM schema_version ORDER BY version");
constexpr sql::Statement kRecord(
    "schema.record",
    "INSERT INTO schema_version (version, checksum, min_compatible, applied_at) VALUES ($1, $2, $3, $4)");

struct Applied {
  std::int64_t version;
  std::string checksum;
  std::int64_t min_compatible;
};

std::string checksum_of(const Migration& migration) {
  std::string hex;
  for (const std::uint8_t byte : crypto::sha256(migration.text)) hex += fmt::format("{:02x}", byte);
  return hex;
}

Result<std::vector<Applied>> read_applied(sql::Session& session) {
  std::vector<Applied> applied;
  TRY(session.run(kApplied, {}, [&applied](const sql::Row& row) -> Result<void> {
    applied.push_back({row.integer(0), std::string(row.bytes(1)), row.integer(2)});
    return {};
  }));
  return applied;
}

// What was applied must be a beginning of what we know, or go beyond it compatibly.
Result<void> check_history(std::span<const Applied> applied, std::span<const Migration> known) {
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

Result<void> run_migrations(sql::Session& session, std::span<const Migration> known, Instant now) {
  TRY(session.run_script(kTable));
  TRY(const auto applied, read_applied(session));
  TRY(check_history(applied, known));
  for (std::size_t i = applied.size(); i < known.size(); ++i) {
    TRY(session.run_script(known[i].text));
    const std::string checksum = checksum_of(known[i]);
    TRY(session.run(kRecord, std::array{to_value(known[i].version), to_value(checksum),
                                        to_value(known[i].min_compatible), to_value(now)}));
  }
  return {};
}

}  // namespace

std::span<const Migration> migrations() {
  static const std::array kAll{kDirectory};
  return kAll;
}

Result<void> migrate(sql::Session& session, std::span<const Migration> known, Instant now) {
  TRY(session.begin_write());
  auto result = run_migrations(session, known, now);
  if (result) return session.commit();
  session.rollback();
  return result;
}

}  // namespace allauth::store
