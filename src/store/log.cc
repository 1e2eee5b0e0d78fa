#include "store/log.h"

#include <array>

#include "store/to_value.h"

namespace allauth::store {
namespace {

constexpr sql::Statement kHead("log.head", "SELECT revision FROM log_head WHERE id = 1");
constexpr sql::Statement kLockHead("log.lock_head",
                                   "SELECT revision FROM log_head WHERE id = 1 {for update}");
constexpr sql::Statement kMoveHead("log.move_head", "UPDATE log_head SET revision = $1 WHERE id = 1");
constexpr sql::Statement kInsertEntry(
    "log.insert_entry",
    "INSERT INTO log_entries (revision, time, slug, actor_kind, actor_id, on_behalf_of, domain_id, "
    "request_id, "
    "target_kind, target_id) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)");
constexpr sql::Statement kInsertImage(
    "log.insert_image",
    "INSERT INTO log_images (revision, ordinal, kind, key, audience, bytes) "
    "VALUES ($1, $2, $3, $4, $5, $6)");
constexpr sql::Statement kEntries(
    "log.entries",
    "SELECT revision, time, slug, actor_kind, actor_id, on_behalf_of, domain_id, request_id, target_kind, "
    "target_id FROM log_entries WHERE revision > $1 ORDER BY revision LIMIT $2");
constexpr sql::Statement kImages(
    "log.images",
    "SELECT revision, kind, key, audience, bytes FROM log_images WHERE revision > $1 AND revision <= $2 "
    "ORDER BY revision, ordinal");

Result<Revision> head(sql::Session& session, const sql::Statement& statement) {
  std::optional<Revision> revision;
  TRY(session.run(statement, {}, [&revision](const sql::Row& row) -> Result<void> {
    revision = static_cast<Revision>(row.integer(0));
    return {};
  }));
  if (!revision)
    return fail(Code::unavailable, "store.corrupt", "The database has lost the head of its log.");
  return *revision;
}

LogEntry to_entry(const sql::Row& row) {
  int column = 2;
  const auto text = [&row, &column] { return std::string(row.bytes(column++)); };
  return {.revision = static_cast<Revision>(row.integer(0)),
          .time = from_millis(row.integer(1)),
          .act = {.slug = text(),
                  .actor_kind = text(),
                  .actor_id = text(),
                  .on_behalf_of = text(),
                  .domain_id = text(),
                  .request_id = text(),
                  .target_kind = text(),
                  .target_id = text()},
          .images = {}};
}

Result<void> append_entry(sql::Session& session, const LogEntry& entry) {
  const Act& act = entry.act;
  TRY(session.run(
      kInsertEntry,
      std::array{to_value(entry.revision), to_value(entry.time), to_value(act.slug), to_value(act.actor_kind),
                 to_value(act.actor_id), to_value(act.on_behalf_of), to_value(act.domain_id),
                 to_value(act.request_id), to_value(act.target_kind), to_value(act.target_id)}));
  std::int64_t ordinal = 0;
  for (const Image& image : entry.images) {
    TRY(session.run(kInsertImage, std::array{to_value(entry.revision), to_value(ordinal++),
                                             to_value(image.kind), to_value(image.key),
                                             to_value(image.audience), sql::Value::blob(image.bytes)}));
  }
  return {};
}

std::unexpected<Error> gap() {
  return fail(Code::unavailable, "store.log.gap", "The log does not hold the entries asked for.");
}

}  // namespace

Result<Revision> read_head(sql::Session& session) { return head(session, kHead); }

Result<Revision> lock_head(sql::Session& session) { return head(session, kLockHead); }

Result<void> append_entries(sql::Session& session, std::span<const LogEntry> entries) {
  for (const LogEntry& entry : entries) TRY(append_entry(session, entry));
  if (entries.empty()) return {};
  TRY(session.run(kMoveHead, std::array{to_value(entries.back().revision)}));
  return {};
}

Result<std::vector<LogEntry>> read_entries(Read& read, Revision from, std::size_t limit) {
  std::vector<LogEntry> entries;
  const auto next = [&] { return static_cast<Revision>(to_number(from) + entries.size() + 1); };
  const auto most = static_cast<std::int64_t>(std::min<std::size_t>(limit, 100'000));
  TRY(read.query(kEntries, std::array{to_value(from), to_value(most)},
                 [&](const sql::Row& row) -> Result<void> {
                   if (static_cast<Revision>(row.integer(0)) != next()) return gap();
                   entries.push_back(to_entry(row));
                   return {};
                 }));
  if (entries.empty()) {
    if (limit > 0 && from < read.revision()) return gap();
    return entries;
  }
  auto entry = entries.begin();
  TRY(read.query(kImages, std::array{to_value(from), to_value(entries.back().revision)},
                 [&](const sql::Row& row) -> Result<void> {
                   while (to_number(entry->revision) != static_cast<std::uint64_t>(row.integer(0))) ++entry;
                   entry->images.push_back({.kind = static_cast<ImageKind>(row.integer(1)),
                                            .key = std::string(row.bytes(2)),
                                            .audience = static_cast<Audience>(row.integer(3)),
                                            .bytes = std::string(row.bytes(4))});
                   return {};
                 }));
  return entries;
}

std::vector<sql::Statement> log_statements() {
  return {kHead, kLockHead, kMoveHead, kInsertEntry, kInsertImage, kEntries, kImages};
}

}  // namespace allauth::store
