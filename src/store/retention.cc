#include "store/retention.h"

#include <algorithm>
#include <array>
#include <optional>

#include "store/in_write.h"
#include "store/log.h"
#include "store/to_value.h"

namespace allauth::store {
namespace {

constexpr sql::Statement kOldest(
    "retention.oldest",
    "SELECT revision, batch, {now} - time FROM log_entries WHERE revision > $1 ORDER BY revision LIMIT $2");
constexpr sql::Statement kFirstImage(
    "retention.first_image",
    "SELECT revision FROM log_images WHERE revision <= $1 ORDER BY revision, ordinal LIMIT 1");
constexpr sql::Statement kMark("retention.mark",
                               "UPDATE log_head SET compacted = $1, compacted_batch = $2 WHERE id = 1");
constexpr sql::Statement kImageAt(
    "retention.image_at",
    "SELECT revision, ordinal FROM log_images WHERE revision <= $1 ORDER BY revision, ordinal "
    "LIMIT 1 OFFSET $2");
constexpr sql::Statement kDropBefore("retention.drop_before",
                                     "DELETE FROM log_images WHERE (revision, ordinal) < ($1, $2)");
constexpr sql::Statement kDropImages("retention.drop_images", "DELETE FROM log_images WHERE revision <= $1");
constexpr sql::Statement kDropActs("retention.drop_acts", "DELETE FROM log_entries WHERE revision <= $1");

// Of the oldest entry after `from`; 0 if there is none, or if it comes from the future.
Result<Millis> age_after(sql::Session& session, Revision from) {
  Millis age{};
  TRY(session.run(kOldest, std::array{to_value(from), to_value(1)},
                  [&age](const sql::Row& row) -> Result<void> {
                    age = std::max(age, Millis(row.integer(2)));
                    return {};
                  }));
  return age;
}

// The newest entry up to `compacted` whose images are gone indeed.
Result<Revision> without_images(sql::Session& session, Revision compacted) {
  Revision last = compacted;
  TRY(session.run(kFirstImage, std::array{to_value(compacted)}, [&last](const sql::Row& row) -> Result<void> {
    last = static_cast<Revision>(row.integer(0) - 1);
    return {};
  }));
  return last;
}

struct Old {
  std::size_t entries = 0;
  LogCursor last{};
};

// The first of at most `limit` entries after `from`, none after `to`, as far as all are older than `keep`.
Result<Old> old_entries(sql::Session& session, Revision from, Revision to, Millis keep, std::size_t limit) {
  Old old;
  bool ended = false;
  TRY(session.run(kOldest, std::array{to_value(from), to_value(limit)},
                  [&](const sql::Row& row) -> Result<void> {
                    const auto revision = static_cast<Revision>(row.integer(0));
                    ended = ended || revision > to || Millis(row.integer(2)) <= keep;
                    if (ended) return {};
                    old.last = {revision, static_cast<std::uint64_t>(row.integer(1))};
                    ++old.entries;
                    return {};
                  }));
  return old;
}

std::size_t rows(const sql::RunResult& result) { return static_cast<std::size_t>(result.rows_changed); }

}  // namespace

Result<LogAge> read_log_age(sql::Session& session) {
  TRY(const auto head, read_head(session));
  LogAge age;
  TRY(age.images, age_after(session, head.compacted.revision));
  TRY(age.acts, age_after(session, Revision{0}));
  TRY(const auto last, without_images(session, head.compacted.revision));
  age.unfinished = last != head.compacted.revision;
  return age;
}

Result<Taken> compact_some(sql::Session& session, Millis keep, const RetentionStep& step) {
  return in_write(session, [&]() -> Result<Taken> {
    TRY(const auto head, lock_head(session));
    TRY(const auto old,
        old_entries(session, head.compacted.revision, head.newest.revision, keep, step.entries));
    if (old.entries == 0) return Taken{};
    TRY(session.run(kMark, std::array{to_value(old.last.revision), to_value(old.last.tag)}));
    return Taken{old.entries, old.entries == step.entries};
  });
}

Result<Taken> drop_some_images(sql::Session& session, const RetentionStep& step) {
  return in_write(session, [&]() -> Result<Taken> {
    TRY(const auto head, read_head(session));
    const Revision upto = head.compacted.revision;
    std::optional<std::pair<std::int64_t, std::int64_t>> end;  // the first image that stays for now
    TRY(session.run(kImageAt, std::array{to_value(upto), to_value(step.images)},
                    [&end](const sql::Row& row) -> Result<void> {
                      end = {row.integer(0), row.integer(1)};
                      return {};
                    }));
    if (!end) {
      TRY(const auto last, session.run(kDropImages, std::array{to_value(upto)}));
      return Taken{rows(last), false};
    }
    TRY(const auto some, session.run(kDropBefore, std::array{to_value(end->first), to_value(end->second)}));
    return Taken{rows(some), true};
  });
}

Result<Taken> drop_some_acts(sql::Session& session, Millis keep, const RetentionStep& step) {
  return in_write(session, [&]() -> Result<Taken> {
    TRY(const auto head, read_head(session));
    TRY(const auto last, without_images(session, head.compacted.revision));
    TRY(const auto old, old_entries(session, Revision{0}, last, keep, step.entries));
    if (old.entries == 0) return Taken{};
    TRY(const auto gone, session.run(kDropActs, std::array{to_value(old.last.revision)}));
    return Taken{rows(gone), old.entries == step.entries};
  });
}

std::vector<sql::Statement> retention_statements() {
  return {kOldest, kFirstImage, kMark, kImageAt, kDropBefore, kDropImages, kDropActs};
}

}  // namespace allauth::store
