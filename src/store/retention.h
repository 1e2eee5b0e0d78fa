// What the log keeps, and taking the rest away: first the images of old entries, much later the acts.
//
// Every step is bounded and has a transaction of its own, so that it holds up no writer for long, and a
// process that dies between two of them leaves nothing wrong. Followers are never misled: log_head says up
// to where images are gone before the first of them goes. Several nodes may do it at once.
//
// Ages are told by the database's clock, whichever node asks. Entries bear the time of the node that made
// them, so one from a clock that was ahead keeps itself, and those after it, for that much longer; none goes
// too early because another node's clock was wrong.
#pragma once

#include <cstddef>
#include <vector>

#include "base/clock.h"
#include "store/sql/session.h"

namespace allauth::store {

struct Retention {
  Millis images{std::chrono::hours(7 * 24)};  // how long followers can go on from where they were
  Millis acts{std::chrono::hours(365 * 24)};  // how long it is known who did what; not less
};

// How old the log is at its old end.
struct LogAge {
  Millis images{};          // of the oldest entry with its images; 0: there is none
  Millis acts{};            // of the oldest entry; 0: there is none
  bool unfinished = false;  // there are images still that the head says are gone
};
Result<LogAge> read_log_age(sql::Session&);

// What one step takes at most.
struct RetentionStep {
  std::size_t entries = 1000;
  std::size_t images = 1000;
};

struct Taken {
  std::size_t rows = 0;
  bool more = false;  // there may be more to take
};

// Says that the images of entries older than `keep` are gone, for the oldest that have any; rows: entries.
Result<Taken> compact_some(sql::Session&, Millis keep, const RetentionStep& = {});
// Takes away images up to where log_head says that they are gone.
Result<Taken> drop_some_images(sql::Session&, const RetentionStep& = {});
// Takes away entries older than `keep` whose images are gone.
Result<Taken> drop_some_acts(sql::Session&, Millis keep, const RetentionStep& = {});

// What these run, for the test that looks at query plans.
std::vector<sql::Statement> retention_statements();

}  // namespace allauth::store
