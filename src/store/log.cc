#include "store/log.h"

#include <array>

#include "store/to_value.h"

namespace allauth::store {
namespace {

// A piece of the log that is read at once ends with the entry that takes it beyond this.
constexpr std::size_t kPieceBytes = 16U << 20;

constexpr sql::Statement kHead(
    "log.head", "SELECT revision, batch, compacted, compacted_batch FROM log_head WHERE id = 1");
constexpr sql::Statement kLockHead(
    "log.lock_head",
    "SELECT revision, batch, compacted, compacted_batch FROM log_head WHERE id = 1 {for update}");
constexpr sql::Statement kMoveHead("log.move_head",
                                   "UPDATE log_head SET revision = $1, batch = $2 WHERE id = 1");
constexpr sql::Statement kTag("log.tag", "SELECT batch FROM log_entries WHERE revision = $1");
constexpr sql::Statement kInsertEntry(
    "log.insert_entry",
    "INSERT INTO log_entries (revision, batch, time, slug, actor_kind, actor_id, on_behalf_of, domain_id, "
    "request_id, target_kind, target_id) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)");
constexpr sql::Statement kInsertImage(
    "log.insert_image",
    "INSERT INTO log_images (revision, ordinal, kind, key, audience, bytes) "
    "VALUES ($1, $2, $3, $4, $5, $6)");
constexpr sql::Statement kEntries(
    "log.entries",
    "SELECT revision, batch, time, slug, actor_kind, actor_id, on_behalf_of, domain_id, request_id, "
    "target_kind, target_id FROM log_entries WHERE revision > $1 ORDER BY revision LIMIT $2");
constexpr sql::Statement kImages(
    "log.images",
    "SELECT revision, kind, key, audience, bytes FROM log_images WHERE revision > $1 AND revision <= $2 "
    "ORDER BY revision, ordinal");

LogCursor cursor_at(const sql::Row& row, int column) {
  return {static_cast<Revision>(row.integer(column)), static_cast<std::uint64_t>(row.integer(column + 1))};
}

// `run` runs the statement, in a session or in a read.
template <class Run>
Result<LogHead> head(const Run& run) {
  std::optional<LogHead> head;
  TRY(run([&head](const sql::Row& row) -> Result<void> {
    head = {cursor_at(row, 0), cursor_at(row, 2)};
    return {};
  }));
  if (!head) return fail(Code::unavailable, "store.corrupt", "The database has lost the head of its log.");
  return *head;
}

LogEntry to_entry(const sql::Row& row) {
  int column = 3;
  const auto text = [&row, &column] { return std::string(row.bytes(column++)); };
  return {.revision = static_cast<Revision>(row.integer(0)),
          .tag = static_cast<std::uint64_t>(row.integer(1)),
          .time = from_millis(row.integer(2)),
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

std::vector<sql::Value> row_of(const LogEntry& entry) {
  const Act& act = entry.act;
  return {to_value(entry.revision),   to_value(entry.tag),      to_value(entry.time),
          to_value(act.slug),         to_value(act.actor_kind), to_value(act.actor_id),
          to_value(act.on_behalf_of), to_value(act.domain_id),  to_value(act.request_id),
          to_value(act.target_kind),  to_value(act.target_id)};
}

std::vector<sql::Value> row_of(Revision revision, std::int64_t ordinal, const Image& image) {
  return {to_value(revision),  to_value(ordinal),        to_value(image.kind),
          to_value(image.key), to_value(image.audience), sql::Value::blob(image.bytes)};
}

std::unexpected<Error> gap() {
  return fail(Code::unavailable, "store.log.gap", "The log does not hold the entries asked for.");
}

Result<std::uint64_t> tag_of(Read& read, Revision revision) {
  std::optional<std::uint64_t> tag;
  TRY(read.query(kTag, std::array{to_value(revision)}, [&tag](const sql::Row& row) -> Result<void> {
    tag = static_cast<std::uint64_t>(row.integer(0));
    return {};
  }));
  if (!tag) return gap();
  return *tag;
}

Result<std::vector<LogEntry>> read_acts(Read& read, Revision from, std::size_t limit) {
  std::vector<LogEntry> entries;
  const auto next = [&] { return static_cast<Revision>(to_number(from) + entries.size() + 1); };
  const auto most = static_cast<std::int64_t>(std::min<std::size_t>(limit, 100'000));
  TRY(read.query(kEntries, std::array{to_value(from), to_value(most)},
                 [&](const sql::Row& row) -> Result<void> {
                   if (static_cast<Revision>(row.integer(0)) != next()) return gap();
                   entries.push_back(to_entry(row));
                   return {};
                 }));
  if (entries.empty()) return gap();
  return entries;
}

// Reads the images of the entries, and drops the entries that are too much for one piece.
Result<void> read_images(Read& read, Revision from, std::vector<LogEntry>& entries) {
  auto entry = entries.begin();
  std::size_t bytes = 0;
  bool full = false;
  auto done = read.query(kImages, std::array{to_value(from), to_value(entries.back().revision)},
                         [&](const sql::Row& row) -> Result<void> {
                           const auto revision = static_cast<Revision>(row.integer(0));
                           full = bytes > kPieceBytes && entry->revision != revision;
                           if (full)
                             return fail(Code::exhausted, "log.piece_full", "This is enough for one piece.");
                           while (entry->revision != revision) ++entry;
                           entry->images.push_back({.kind = static_cast<ImageKind>(row.integer(1)),
                                                    .key = std::string(row.bytes(2)),
                                                    .audience = static_cast<Audience>(row.integer(3)),
                                                    .bytes = std::string(row.bytes(4))});
                           bytes += entry->images.back().bytes.size() + entry->images.back().key.size();
                           return {};
                         });
  if (!full) return done;
  entries.erase(entry + 1, entries.end());
  return {};
}

}  // namespace

Result<LogHead> read_head(sql::Session& session) {
  return head([&](const sql::RowSink& sink) { return session.run(kHead, {}, sink); });
}

Result<LogHead> read_head(Read& read) {
  return head([&](const sql::RowSink& sink) { return read.query(kHead, {}, sink); });
}

Result<LogHead> lock_head(sql::Session& session) {
  return head([&](const sql::RowSink& sink) { return session.run(kLockHead, {}, sink); });
}

Result<void> append_entries(sql::Session& session, std::span<const LogEntry> entries) {
  if (entries.empty()) return {};
  std::vector<std::vector<sql::Value>> acts, images;
  for (const LogEntry& entry : entries) {
    acts.push_back(row_of(entry));
    std::int64_t ordinal = 0;
    for (const Image& image : entry.images) images.push_back(row_of(entry.revision, ordinal++, image));
  }
  TRY(session.run_each(kInsertEntry, acts));
  TRY(session.run_each(kInsertImage, images));
  const auto newest = cursor_after(entries.back());
  TRY(session.run(kMoveHead, std::array{to_value(newest.revision), to_value(newest.tag)}));
  return {};
}

Result<std::vector<LogEntry>> read_entries(Read& read, const LogCursor& from, std::size_t limit) {
  TRY(const auto ends, read_head(read));
  TRY(const auto where, standing(from, ends, [&read](Revision revision) { return tag_of(read, revision); }));
  if (where == Standing::compacted)
    return fail(Code::stale, "log.compacted",
                "The log does not go back so far any more; start again from the state.");
  if (where == Standing::replaced)
    return fail(Code::stale, "log.replaced",
                "The log has another history than the one asked for; start again from the state.");
  if (where == Standing::at_head || limit == 0) return std::vector<LogEntry>();
  TRY(auto entries, read_acts(read, from.revision, limit));
  TRY(read_images(read, from.revision, entries));
  return entries;
}

std::vector<sql::Statement> log_statements() {
  return {kHead, kLockHead, kMoveHead, kTag, kInsertEntry, kInsertImage, kEntries, kImages};
}

}  // namespace allauth::store
