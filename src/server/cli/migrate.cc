// migrate: looks at the schema of the database, and changes it.
#include "store/migrate.h"

#include <fmt/format.h>

#include "base/text.h"
#include "server/cli/commands.h"
#include "server/cli/database.h"
#include "server/cli/table/shared_options.h"
#include "server/cli/terminal/progress.h"
#include "store/node_list.h"

namespace allauth::server::cli {
namespace {

std::string_view word(store::SchemaStatus::Step::State state) {
  using State = store::SchemaStatus::Step::State;
  switch (state) {
    case State::applied:
      return "applied";
    case State::under_way:
      return "under way";
    case State::pending:
      return "pending";
  }
  return "";
}

void print_step(const store::SchemaStatus::Step& step) {
  const bool applied = step.state == store::SchemaStatus::Step::State::applied;
  fmt::print("  {:>3}  {:<9}  {:<9}  {}\n", step.version, step.phase ? to_string(*step.phase) : "newer",
             word(step.state), applied ? to_rfc3339(step.applied_at) : "");
}

std::string in_words(Millis time) {
  const auto seconds = std::chrono::duration_cast<Seconds>(time).count();
  if (seconds < 120) return fmt::format("{} s", seconds);
  return seconds < 7200 ? fmt::format("{} min", seconds / 60) : fmt::format("{} h", seconds / 3600);
}

Result<void> print_nodes(sql::Session& session) {
  TRY(const auto nodes, store::list_nodes(session));
  if (!nodes.empty()) fmt::print("\nNodes that were seen within a day:\n");
  for (const auto& [report, started, silent] : nodes)
    fmt::print("  {:<24}  allauth {}  schema {}  {}  since {}  revision {}  {} {} ago\n", report.node.name,
               report.node.version, report.schema, report.node.roles, to_rfc3339(started),
               to_number(report.revision), silent < store::kGoneAfter ? "seen" : "SILENT, last seen",
               in_words(silent));
  return {};
}

Result<void> status(DatabaseCommand& command) {
  TRY(const auto database, command.open_to_read());
  TRY(const auto session, database->connect(sql::Database::Access::read_only));
  const auto known = store::migrations();
  TRY(const auto schema, store::read_schema(*session, known));
  fmt::print("{}\n\n", command.database_name());
  for (const auto& step : schema.steps) print_step(step);
  fmt::print("\nThe database is at schema {}; this allauth knows {}.\n", schema.applied, known.size());
  if (schema.min_compatible > 1)
    fmt::print("Only versions of allauth that know schema {} can use it.\n", schema.min_compatible);
  TRY(print_nodes(*session));
  TRY(store::require_migrated(*session, known));
  fmt::print("\nThis allauth can use it.\n");
  return {};
}

Result<int> last_version(const DatabaseCommand& command) {
  const auto known = store::migrations().size();
  const auto to = command.own.find("to");
  const auto version = to ? parse_u64(*to) : known;
  if (version && *version >= 1 && *version <= known) return static_cast<int>(*version);
  return fail(Code::invalid, "usage", fmt::format("--to takes a schema from 1 to {}.", known));
}

// A line for each migration that is done; while rows move in batches, how far that is.
void report(ProgressLine& progress, const store::Migration& migration, int batches) {
  if (batches > 0) {
    progress.show(static_cast<std::uint64_t>(batches), 0,
                  fmt::format("schema {}, {} batches of rows", migration.version, batches));
    return;
  }
  progress.clear();
  fmt::print("  {:>3}  {}\n", migration.version, to_string(migration.phase));
  std::fflush(stdout);
}

Result<void> up(DatabaseCommand& command) {
  TRY(const int to, last_version(command));
  TRY(const auto database, command.open_to_write());
  TRY(const auto session, database->connect(sql::Database::Access::read_write));
  fmt::print("{}\n", command.database_name());
  std::fflush(stdout);
  ProgressLine progress("Migrating", command.clock);
  const auto tell = [&progress](const store::Migration& migration, int batches) {
    report(progress, migration, batches);
  };
  TRY(store::migrate(*session, store::migrations(), command.clock, command.entropy,
                     {.to = to, .force = command.own.has("force"), .progress = tell}));
  progress.clear();
  TRY(const auto schema, store::read_schema(*session, store::migrations()));
  fmt::print("The database is at schema {}.\n", schema.applied);
  return {};
}

template <Result<void> (*Do)(DatabaseCommand&)>
Result<void> run(const Invocation& invocation) {
  TRY(const auto command, make_database_command(invocation));
  return Do(*command);
}

}  // namespace

std::vector<Command> migrate_commands() {
  return {
      {.path = "migrate status",
       .summary = "Say which schema the database has, what is pending, and which nodes use it",
       .details = "Ends with 1 if this program cannot use the database as it is.",
       .examples = {{"", "allauth migrate status --config /etc/allauth.toml"}},
       .see_also = {"migrate up", "backup"},
       .groups = {&configuration_options()},
       .run = run<status>,
       .takes_configuration = true},
      {.path = "migrate up",
       .summary = "Bring the schema up to date, also while nodes run",
       .options = {{"to", "N", "no further than schema N"},
                   {"force", "", "also take away what a node that was seen lately still uses"}},
       .examples = {{"", "allauth migrate up --store.url=postgresql://allauth@db/allauth"}},
       .see_also = {"migrate status", "backup"},
       .groups = {&configuration_options()},
       .run = run<up>,
       .takes_configuration = true},
  };
}

}  // namespace allauth::server::cli
