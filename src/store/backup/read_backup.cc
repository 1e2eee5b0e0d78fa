#include "store/backup/read_backup.h"

#include <utility>

#include "store/row_types.h"

namespace allauth::store::backup {
namespace {

class BackupReader {
 public:
  BackupReader(ByteSource source, const Visitor& visitor) : frames_(std::move(source)), visitor_(visitor) {}

  Result<Summary> read() {
    TRY(const Frame first, frames_.next());
    if (first.kind != FrameKind::header) return damaged("it does not begin with its header");
    TRY(header_, decode_header(first.payload));
    TRY(visitor_.header(header_));
    while (true) {
      TRY(const Frame frame, frames_.next());
      if (frame.kind == FrameKind::end) return finish(frame.payload);
      TRY(take(frame));
      if (visitor_.progress)
        visitor_.progress({.records = seen_.records(), .of = 0, .bytes = frames_.bytes()});
    }
  }

 private:
  Result<void> take(const Frame& frame) {
    if (frame.kind == FrameKind::images && seen_.entries == 0)
      return decode_images(frame.payload, [this](const Image& image) -> Result<void> {
        ++seen_.images[image.kind];
        return visitor_.image(image);
      });
    if (frame.kind == FrameKind::entries)
      return decode_entries(frame.payload, [this](const LogEntry& entry) -> Result<void> {
        if (entry.revision <= newest_ || entry.revision > header_.at.revision)
          return damaged("an entry out of order");
        newest_ = entry.revision;
        ++seen_.entries;
        return visitor_.entry(entry);
      });
    return damaged("a frame of a kind that does not belong there");
  }

  Result<Summary> finish(std::string_view payload) {
    TRY(const auto counts, decode_end(payload));
    if (counts != seen_) return damaged("the numbers at its end are not those of its records");
    TRY(frames_.expect_end());
    return Summary{header_, seen_, frames_.bytes()};
  }

  FrameReader frames_;
  const Visitor& visitor_;
  Header header_;
  Counts seen_;
  Revision newest_{};
};

}  // namespace

Result<Summary> read_backup(ByteSource source, const Visitor& visitor) {
  return BackupReader(std::move(source), visitor).read();
}

Result<Summary> verify_backup(ByteSource source, const OnProgress& progress) {
  return read_backup(std::move(source), {.header = [](const Header&) -> Result<void> { return {}; },
                                         .image = [](const Image& image) -> Result<void> {
                                           TRY(decode_row(image));
                                           return {};
                                         },
                                         .entry = [](const LogEntry&) -> Result<void> { return {}; },
                                         .progress = progress});
}

}  // namespace allauth::store::backup
