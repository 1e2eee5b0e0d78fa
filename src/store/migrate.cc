#include "store/migrate.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "store/lone_write.h"
#include "store/node_list.h"
#include "store/schema_history.h"

namespace allauth::store {
namespace {

constexpr std::string_view kActor = "migrate";

Act act_of(const Migration& migration) {
  return {.slug = "schema.rows_migrated",
          .actor_kind = "system",
          .actor_id = std::string(kActor),
          .target_kind = "schema",
          .target_id = fmt::to_string(migration.version)};
}

// Runs `fn` in a transaction that changes the schema, alone; all or nothing.
template <class Fn>
Result<bool> in_schema_change(sql::Session& session, Fn&& fn) {
  TRY(session.begin_schema_change());
  Result<bool> changed = fn();
  if (!changed || !*changed) {
    session.rollback();
    return changed;
  }
  TRY(session.commit());
  return true;
}

class Migrator {
 public:
  Migrator(sql::Session& session, std::span<const Migration> known, Clock& clock, Entropy& entropy,
           const MigrateOptions& options)
      : session_(session), known_(known), clock_(clock), entropy_(entropy), options_(options) {}

  Result<void> run() {
    TRY(in_schema_change(session_, [this]() -> Result<bool> {
      TRY(prepare_history(session_));
      return true;
    }));
    for (bool more = true; more;) {
      const Migration* rows_of = nullptr;
      TRY(more, in_schema_change(session_, [&] { return take_step(rows_of); }));
      if (rows_of != nullptr) {
        TRY(fill_in(*rows_of));
        more = true;
      }
    }
    return {};
  }

 private:
  // The next migration, but for its rows: `rows_of` is then that migration. False: there is none.
  Result<bool> take_step(const Migration*& rows_of) {
    TRY(const auto applied, read_applied(session_));
    TRY(check_history(applied, known_));
    if (applied.size() >= known_.size() || known_[applied.size()].version > options_.to) return false;
    const Migration& next = known_[applied.size()];
    if (next.phase == Phase::contract && !options_.force)
      TRY(require_no_older_node(session_, next.min_compatible));
    report(next, 0);
    TRY(const auto position, read_progress(session_, next.version));
    if (!position) TRY(session_.run_script(next.text));
    TRY(const bool has_rows, has_rows_for(next));
    if (!has_rows) {
      TRY(record_applied(session_, next, clock_.now()));
      return true;
    }
    rows_of = &next;
    if (!position) TRY(begin_progress(session_, next.version));
    return !position;
  }

  // A database that nobody has written to has none, and its log stays empty.
  Result<bool> has_rows_for(const Migration& migration) {
    if (migration.backfill == nullptr) return false;
    TRY(const auto head, read_head(session_));
    return head.newest != LogCursor{};
  }

  Result<void> fill_in(const Migration& migration) {
    for (bool more = true; more;) {
      TRY(write_alone(session_, clock_, entropy_, [&](Tx& tx) -> Result<void> {
        TRY(more, fill_in_some(migration, tx));
        return {};
      }));
      report(migration, ++batches_);
    }
    return {};
  }

  // One batch of rows. False: that was the last one. Another process may have done these, or all, since
  // the batch before.
  Result<bool> fill_in_some(const Migration& migration, Tx& tx) {
    tx.act(act_of(migration));
    TRY(const auto position, read_progress(session_, migration.version));
    if (!position) return false;
    TRY(const auto next, migration.backfill(tx, *position, options_.rows));
    if (next) {
      TRY(move_progress(session_, migration.version, *next));
      return true;
    }
    TRY(end_progress(session_, migration.version));
    TRY(record_applied(session_, migration, clock_.now()));
    return false;
  }

  void report(const Migration& migration, int batches) const {
    if (options_.progress) options_.progress(migration, batches);
  }

  sql::Session& session_;
  std::span<const Migration> known_;
  Clock& clock_;
  Entropy& entropy_;
  const MigrateOptions& options_;
  int batches_ = 0;
};

// The oldest schema that a program with these migrations can work on: steps that only take away may
// be done once all nodes know them.
std::size_t needed_of(std::span<const Migration> known) {
  std::size_t needed = known.size();
  while (needed > 0 && known[needed - 1].phase == Phase::contract) --needed;
  return needed;
}

}  // namespace

std::string_view to_string(Phase phase) {
  switch (phase) {
    case Phase::expand:
      return "expand";
    case Phase::migrate:
      return "migrate";
    case Phase::contract:
      return "contract";
  }
  return "";
}

Result<void> migrate(sql::Session& session, std::span<const Migration> known, Clock& clock, Entropy& entropy,
                     const MigrateOptions& options) {
  return Migrator(session, known, clock, entropy, options).run();
}

Result<void> fill_in_rows(sql::Session& session, const Migration& migration, Clock& clock, Entropy& entropy) {
  std::optional<std::string> position("");
  while (position) {
    TRY(write_alone(session, clock, entropy, [&](Tx& tx) -> Result<void> {
      tx.act(act_of(migration));
      TRY(position, migration.backfill(tx, *position, kBackfillRows));
      return {};
    }));
  }
  return {};
}

Result<void> require_migrated(sql::Session& session, std::span<const Migration> known) {
  TRY(const auto applied, read_applied(session));
  TRY(check_history(applied, known));
  if (applied.size() >= needed_of(known)) return {};
  return fail(Code::unavailable, "store.schema.behind",
              fmt::format("The database is at schema {} and this allauth needs {}; run allauth migrate up.",
                          applied.size(), needed_of(known)));
}

Result<SchemaStatus> read_schema(sql::Session& session, std::span<const Migration> known) {
  SchemaStatus status;
  TRY(const auto applied, read_applied(session));
  for (std::size_t i = 0; i < std::max(applied.size(), known.size()); ++i) {
    SchemaStatus::Step step{.version = static_cast<int>(i + 1)};
    if (i < known.size()) step.phase = known[i].phase;
    if (i < applied.size()) {
      step.state = SchemaStatus::Step::State::applied;
      step.applied_at = applied[i].at;
      status.applied = step.version;
      status.min_compatible = std::max(status.min_compatible, static_cast<int>(applied[i].min_compatible));
    } else if (i == applied.size()) {
      TRY(const auto position, read_progress(session, step.version));
      if (position) step.state = SchemaStatus::Step::State::under_way;
    }
    status.steps.push_back(step);
  }
  return status;
}

}  // namespace allauth::store
