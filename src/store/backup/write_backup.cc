#include "store/backup/write_backup.h"

#include <utility>

#include <fmt/format.h>

#include "model/all_rows.h"
#include "store/backup/log_rows.h"
#include "store/restoring.h"
#include "store/rows.h"
#include "store/schema_history.h"
#include "store/state.h"

namespace allauth::store::backup {
namespace {

// Gathers records of one kind into frames.
class Frames {
 public:
  Frames(ByteSink sink, const OnProgress& on_progress) : out_(std::move(sink)), on_progress_(on_progress) {}

  Result<void> header(const Header& header, std::uint64_t records) {
    progress_.of = records;
    return out_.write(FrameKind::header, encode_header(header));
  }
  Result<void> add(const Image& image) {
    append_image(payload_, image);
    ++counts_.images[image.kind];
    return added(FrameKind::images);
  }
  Result<void> add(const LogEntry& entry) {
    append_entry(payload_, entry);
    ++counts_.entries;
    return added(FrameKind::entries);
  }
  Result<void> close(FrameKind kind) {
    if (payload_.empty()) return {};
    TRY(out_.write(kind, std::exchange(payload_, {})));
    progress_.bytes = out_.bytes();
    if (on_progress_) on_progress_(progress_);
    return {};
  }
  Result<void> end() { return out_.write(FrameKind::end, encode_end(counts_)); }

  const Counts& counts() const { return counts_; }
  std::uint64_t bytes() const { return out_.bytes(); }

 private:
  Result<void> added(FrameKind kind) {
    ++progress_.records;
    if (payload_.size() < kFrameTarget) return {};
    return close(kind);
  }

  FrameWriter out_;
  const OnProgress& on_progress_;
  std::string payload_;
  Counts counts_;
  Progress progress_;
};

// What this program does not know of, it would leave out.
Result<void> require_same_schema(sql::Session& session, std::span<const Migration> known) {
  TRY(require_no_restore(session));
  TRY(require_migrated(session, known));
  TRY(const auto applied, read_applied(session));
  if (applied.size() <= known.size()) return {};
  return fail(
      Code::unsupported, "backup.schema",
      fmt::format("The database is at schema {} and this allauth knows {}: its backup would lack what "
                  "came later. Make the backup with the newer version.",
                  applied.size(), known.size()));
}

template <class... Rows>
Result<Counts> count_state(Read& read, const std::tuple<Rows...>*) {
  Counts counts;
  Result<void> done;
  const auto add = [&](ImageKind kind, Result<std::int64_t> rows) -> Result<void> {
    TRY(const std::int64_t found, std::move(rows));
    if (found > 0) counts.images[kind] = static_cast<std::uint64_t>(found);
    return {};
  };
  ((done = done ? add(Rows::kKind, count<Rows>(read)) : std::move(done)), ...);
  TRY(done);
  TRY(const std::int64_t entries, count_acts(read));
  counts.entries = static_cast<std::uint64_t>(entries);
  return counts;
}

Result<Summary> write_all(sql::Session& session, const WriteOptions& options, ByteSink sink) {
  // The first statement fixes what the transaction sees.
  TRY(const auto head, read_head(session));
  TRY(require_same_schema(session, options.migrations));
  const Header header{.made_at = options.now,
                      .program = std::string(options.program),
                      .schema = static_cast<int>(options.migrations.size()),
                      .at = head.newest};
  Read read(session, head.newest.revision);
  constexpr const AllRows* kKinds = nullptr;
  TRY(const auto expected, count_state(read, kKinds));
  Frames frames(std::move(sink), options.progress);
  TRY(frames.header(header, expected.records()));
  TRY(read_state(read, Audience::node, [&frames](const Image& image) { return frames.add(image); }));
  TRY(frames.close(FrameKind::images));
  TRY(read_acts(read, [&frames](const LogEntry& entry) { return frames.add(entry); }));
  TRY(frames.close(FrameKind::entries));
  if (frames.counts() != expected)
    return fail(Code::unavailable, "store.corrupt",
                "The database gave another number of rows than it counted; it is damaged.");
  TRY(frames.end());
  return Summary{header, frames.counts(), frames.bytes()};
}

}  // namespace

Result<Summary> write_backup(sql::Session& session, const WriteOptions& options, ByteSink sink) {
  TRY(session.begin_read());
  auto written = write_all(session, options, std::move(sink));
  session.rollback();
  return written;
}

}  // namespace allauth::store::backup
