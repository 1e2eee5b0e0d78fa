// backup and restore: the state and the acts of the log in one file, from and to either engine.
#include <fmt/format.h>

#include "crypto/master_key_file.h"
#include "server/cli/commands.h"
#include "server/cli/database.h"
#include "server/cli/table/shared_options.h"
#include "server/cli/terminal/progress.h"
#include "server/run/sealed.h"
#include "server/run/server.h"
#include "store/backup/file.h"
#include "store/backup/restore.h"
#include "store/lone_read.h"
#include "store/row_types.h"

namespace allauth::server::cli {
namespace {

namespace backup_of = store::backup;

std::string note(const backup_of::Progress& progress) {
  return fmt::format("{} records, {}", progress.records, human_bytes(progress.bytes));
}

std::string_view plural(ImageKind kind) {
  const auto* type = store::find_row_type(kind);
  return type != nullptr ? type->shape.table : "unknown";
}

void print_summary(const backup_of::Summary& summary) {
  const auto& header = summary.header;
  fmt::print("\n  {:<16} {} by allauth {}\n", "made", to_rfc3339(header.made_at), header.program);
  fmt::print("  {:<16} {}\n  {:<16} {}\n", "schema", header.schema, "revision",
             to_number(header.at.revision));
  for (const auto& [kind, count] : summary.counts.images) fmt::print("  {:<16} {}\n", plural(kind), count);
  fmt::print("  {:<16} {}\n  {:<16} {}\n\n", "acts of the log", summary.counts.entries, "size",
             human_bytes(summary.bytes));
}

Result<backup_of::Summary> verify(backup_of::OldFile& file, Clock& clock) {
  ProgressLine line("Verifying", clock);
  return backup_of::verify_backup(file.from_beginning(), [&](const backup_of::Progress& progress) {
    line.show(progress.bytes, file.size(), note(progress));
  });
}

Result<backup_of::Summary> write(DatabaseCommand& command, const std::string& path) {
  TRY(const auto database, command.open_to_read());
  TRY(const auto session, database->connect(sql::Database::Access::read_only));
  TRY(auto file, backup_of::NewFile::create(path, command.entropy));
  ProgressLine line("Backing up", command.clock);
  TRY(auto summary, backup_of::write_backup(*session,
                                            {.program = ALLAUTH_VERSION,
                                             .now = command.clock.now(),
                                             .migrations = store::migrations(),
                                             .progress =
                                                 [&line](const backup_of::Progress& progress) {
                                                   line.show(progress.records, progress.of, note(progress));
                                                 }},
                                            [&file](std::string_view bytes) { return file.write(bytes); }));
  TRY(file.publish());
  return summary;
}

Result<void> run_backup(const Invocation& invocation) {
  TRY(const auto command, make_database_command(invocation));
  const std::string path = command->own.words[0];
  const Tick since = command->clock.tick();
  TRY(const auto summary, write(*command, path));
  const Tick until = command->clock.tick();
  fmt::print("{} was backed up to {} ({}).\n", command->database_name(), path,
             human_rate(summary.bytes, since, until));
  print_summary(summary);
  if (command->own.has("verify")) {
    TRY(auto file, backup_of::OldFile::open(path));
    TRY(verify(file, command->clock));
    fmt::print("The backup was read again and is good.\n");
  }
  fmt::print("The master key is not in it: keep {} as well, in another place.\n",
             master_key_file(command->config));
  return {};
}

// Secrets in the database are worth nothing without their key: who restores should hear of it now.
Result<void> look_for_keys(DatabaseCommand& command, sql::Session& session) {
  TRY(const auto counts, store::read_alone(session, [](store::Read& read) { return count_sealed(read); }));
  const auto file = master_key_file(command.config);
  const auto keys = crypto::load_master_keys(file);
  for (const auto& [id, count] : counts) {
    if (keys && keys->find(id) != nullptr) continue;
    fmt::print(
        "{} secrets are sealed under master key {}, which {} does not hold: put it there before the start.\n",
        count, crypto::to_string(id), file);
  }
  return {};
}

Result<void> look_at_target(DatabaseCommand& command) {
  const auto database = command.open_to_read();
  if (!database && database.error().code == Code::not_found) return {};
  if (!database) return fail(database.error());
  TRY(const auto session, (*database)->connect(sql::Database::Access::read_only));
  return backup_of::require_empty(*session);
}

Result<void> restore_into(DatabaseCommand& command, backup_of::OldFile& file) {
  TRY(const auto database, command.open_to_write());
  TRY(const auto session, database->connect(sql::Database::Access::read_write));
  const Tick since = command.clock.tick();
  {
    ProgressLine line("Restoring", command.clock);
    TRY(backup_of::restore_backup(*session, file.from_beginning(),
                                  {.clock = command.clock,
                                   .entropy = command.entropy,
                                   .migrations = store::migrations(),
                                   .progress = [&](const backup_of::Progress& progress) {
                                     line.show(progress.bytes, file.size(), note(progress));
                                   }}));
  }
  fmt::print("It was restored into {} ({}).\n", command.database_name(),
             human_rate(file.size(), since, command.clock.tick()));
  return look_for_keys(command, *session);
}

Result<void> run_restore(const Invocation& invocation) {
  TRY(const auto command, make_database_command(invocation));
  TRY(auto file, backup_of::OldFile::open(command->own.words[0]));
  TRY(const auto summary, verify(file, command->clock));
  fmt::print("{} is a good backup.\n", command->own.words[0]);
  print_summary(summary);
  TRY(backup_of::require_restorable(summary.header, store::migrations()));
  TRY(look_at_target(*command));
  if (!command->own.has("dry-run")) return restore_into(*command, file);
  fmt::print("It can be restored into {}; nothing was changed.\n", command->database_name());
  return {};
}

}  // namespace

std::vector<Command> backup_commands() {
  return {
      {.path = "backup",
       .summary = "Copy the database into one file, also while a server runs",
       .words = "FILE",
       .options = {{"verify", "", "read the file again and check all of it"}},
       .details = "The file has the state and who did what; it is of use for either engine. The master key "
                  "is not in it: "
                  "keep that as well, in another place.",
       .examples = {{"", "allauth backup /backup/monday.aab --verify"}},
       .see_also = {"restore", "keys status"},
       .groups = {&configuration_options()},
       .run = run_backup,
       .takes_configuration = true},
      {.path = "restore",
       .summary = "Put a backup into an empty database, of either engine",
       .words = "FILE",
       .options = {{"dry-run", "", "read all of it and look whether it could go there; change nothing"}},
       .examples = {{"look first", "allauth restore /backup/monday.aab --dry-run"},
                    {"from SQLite to PostgreSQL",
                     "allauth restore /backup/monday.aab --store.url=postgresql://allauth@db/allauth"}},
       .see_also = {"backup", "keys status"},
       .groups = {&configuration_options()},
       .run = run_restore,
       .takes_configuration = true},
  };
}

}  // namespace allauth::server::cli
