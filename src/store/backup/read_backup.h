// Reads a backup, one verified frame after the other.
#pragma once

#include <functional>

#include "store/backup/write_backup.h"

namespace allauth::store::backup {

// What a backup holds, in its order: the header, images owners first, entries oldest first. An error
// ends the reading and is its result.
struct Visitor {
  std::function<Result<void>(const Header&)> header;
  std::function<Result<void>(const Image&)> image;
  std::function<Result<void>(const LogEntry&)> entry;
  OnProgress progress{};  // without the number of records: only the end of the file tells
};

// Errors: those of FrameReader and of the visitor. Frames and their order are right, and the counts at
// the end are those of what was read, once this has answered; what was visited before an error is not to
// be used.
Result<Summary> read_backup(ByteSource, const Visitor&);

// Reads all of it and looks into every image, without a database.
Result<Summary> verify_backup(ByteSource, const OnProgress& progress);

}  // namespace allauth::store::backup
