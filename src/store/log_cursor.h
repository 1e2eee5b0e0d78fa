// A place in the log, as those who follow it remember it, and how it stands to the log as it is.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/error.h"
#include "model/ids.h"

namespace allauth::store {

// After the entry `revision`, in the history in which the batch `tag` wrote that entry. Tags are random,
// so what took the entry's place in another history (a standby that had lost commits, a backup that was
// restored) has another one. {0, 0}: before every entry.
struct LogCursor {
  Revision revision{};
  std::uint64_t tag = 0;
  friend bool operator==(const LogCursor&, const LogCursor&) = default;
};

// "17.00c4f0a1b2c3d4e5". Those who keep it take it as it is and give it back.
std::string to_text(const LogCursor&);
// Takes exactly what to_text() gives. invalid log.cursor.
Result<LogCursor> parse_log_cursor(std::string_view text);

// A tag for a batch: random, never 0.
std::uint64_t make_tag(Entropy&);

// The two ends of the log: its newest entry, and the newest whose images are gone.
struct LogHead {
  LogCursor newest;
  LogCursor compacted;
  friend bool operator==(const LogHead&, const LogHead&) = default;
};

enum class Standing {
  at_head,    // there is nothing newer
  behind,     // the entries after it are there
  compacted,  // some entries after it have lost their images: start again from the state
  replaced,   // the log has another history now: start again from the state
};

// `tag_of` gives the tag of an entry between the two ends; it is called at most once.
Result<Standing> standing(const LogCursor& at, const LogHead& head,
                          const std::function<Result<std::uint64_t>(Revision)>& tag_of);

}  // namespace allauth::store
