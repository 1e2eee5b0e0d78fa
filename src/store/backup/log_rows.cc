#include "store/backup/log_rows.h"

#include <array>
#include <vector>

#include "store/rows.h"

namespace allauth::store::backup {
namespace {

constexpr std::size_t kPage = 1000;
constexpr sql::Statement kSetHead(
    "log.set_head",
    "UPDATE log_head SET revision = $1, batch = $2, compacted = $3, compacted_batch = $4 WHERE id = 1");
constexpr sql::Statement kEraseImages("log.erase_images", "DELETE FROM log_images");

// An entry as a row; it is no kind of image.
struct EntryRow {
  static constexpr std::string_view kTable = "log_entries";
  static constexpr ImageKind kKind{};
  static constexpr int kKeys = 1;

  LogEntry entry;

  template <class Self, class Field>
  static void describe(Self& row, Field&& field) {
    auto& act = row.entry.act;
    field(1, "revision", row.entry.revision);
    field(2, "batch", row.entry.tag);
    field(3, "time", row.entry.time);
    field(4, "slug", act.slug);
    field(5, "actor_kind", act.actor_kind);
    field(6, "actor_id", act.actor_id);
    field(7, "on_behalf_of", act.on_behalf_of);
    field(8, "domain_id", act.domain_id);
    field(9, "request_id", act.request_id);
    field(10, "target_kind", act.target_kind);
    field(11, "target_id", act.target_id);
  }
};

}  // namespace

Result<void> read_acts(Read& read, const TakeEntry& take) {
  Revision last{};
  while (true) {
    TRY(auto rows, select<EntryRow>(read, shape_of<EntryRow>().page, last, kPage));
    if (rows.empty()) return {};
    last = rows.back().entry.revision;
    for (auto& row : rows) TRY(take(std::move(row.entry)));
  }
}

Result<std::int64_t> count_acts(Read& read) { return count<EntryRow>(read); }

Result<void> insert_acts(sql::Session& session, std::span<const LogEntry> entries) {
  std::vector<EntryRow> rows;
  std::vector<const void*> addresses;
  rows.reserve(entries.size());
  for (const auto& entry : entries) addresses.push_back(&rows.emplace_back(entry));
  return insert_rows(session, shape_of<EntryRow>(), addresses);
}

Result<void> set_head(sql::Session& session, const LogHead& head) {
  TRY(session.run(kSetHead, std::array{to_value(head.newest.revision), to_value(head.newest.tag),
                                       to_value(head.compacted.revision), to_value(head.compacted.tag)}));
  return {};
}

Result<void> erase_log(sql::Session& session) {
  TRY(session.run(kEraseImages));
  TRY(session.run(shape_of<EntryRow>().erase_all));
  return set_head(session, {});
}

}  // namespace allauth::store::backup
