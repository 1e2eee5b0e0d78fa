// The log: one entry per write, dense revisions, and in each the images of the rows it changed.
// docs/formats/log.md describes it for those who read it without this code.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "model/describe.h"
#include "model/ids.h"
#include "store/log_cursor.h"
#include "store/read.h"

namespace allauth::store {

// Who did what to what: the audit record of a write. Empty text = not applicable.
struct Act {
  std::string slug;  // what was done: lower-case words joined by dots, "client.created"
  std::string actor_kind;
  std::string actor_id;
  std::string on_behalf_of;
  std::string domain_id;
  std::string request_id;
  std::string target_kind;
  std::string target_id;
  friend bool operator==(const Act&, const Act&) = default;
};

// Who may see an image. Numbers are stored.
enum class Audience : std::uint8_t {
  all = 1,   // every cursor, gateways included
  node = 2,  // nodes with a database only: passwords, keys, settings
};

// A row after the write.
struct Image {
  ImageKind kind{};
  std::string key;  // the key columns joined by '/'
  Audience audience = Audience::all;
  std::string bytes;  // store/image.h; empty: the row is gone
  friend bool operator==(const Image&, const Image&) = default;
};

struct LogEntry {
  Revision revision{};
  std::uint64_t tag = 0;  // of the batch that wrote it
  Instant time{};
  Act act;
  std::vector<Image> images;
  friend bool operator==(const LogEntry&, const LogEntry&) = default;
};

// Entries that are committed, in order, without a gap to the batch before.
struct AppliedBatch {
  std::vector<LogEntry> entries;  // never empty
};

// The place after an entry.
inline LogCursor cursor_after(const LogEntry& entry) { return {entry.revision, entry.tag}; }

// The ends of the log that the session sees.
Result<LogHead> read_head(sql::Session&);
Result<LogHead> read_head(Read&);
// The same, locked until the end of the transaction, so that writers follow one another.
Result<LogHead> lock_head(sql::Session&);
// Adds entries that continue `lock_head`'s answer and moves the head to the last of them.
Result<void> append_entries(sql::Session&, std::span<const LogEntry>);
// At most `limit` entries after `from`, oldest first; fewer when their images are very large. Empty:
// there is nothing newer. stale log.compacted, log.replaced: what follows `from` is not to be had any
// more, start again from the state. unavailable store.log.gap: the log is not dense.
Result<std::vector<LogEntry>> read_entries(Read&, const LogCursor& from, std::size_t limit);
// What the functions above run, for the test that looks at query plans.
std::vector<sql::Statement> log_statements();

}  // namespace allauth::store
