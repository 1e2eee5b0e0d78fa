// keys: the master keys, and what is sealed under them.
#include <fmt/format.h>

#include "crypto/master_key_file.h"
#include "server/cli/commands.h"
#include "server/cli/database.h"
#include "server/cli/table/shared_options.h"
#include "server/cli/terminal/progress.h"
#include "server/run/sealed.h"
#include "server/run/server.h"
#include "store/lone_read.h"

namespace allauth::server::cli {
namespace {

using crypto::MasterKey;
using crypto::MasterKeys;
using crypto::to_string;

Result<SealedCounts> sealed_in(DatabaseCommand& command) {
  TRY(const auto database, command.open_to_read());
  TRY(const auto session, database->connect(sql::Database::Access::read_only));
  TRY(store::require_migrated(*session, store::migrations()));
  return store::read_alone(*session, [](store::Read& read) { return count_sealed(read); });
}

std::size_t count_of(const SealedCounts& counts, const MasterKey::Id& id) {
  const auto at = counts.find(id);
  return at == counts.end() ? 0 : at->second;
}

Result<void> status(DatabaseCommand& command, const std::string& file) {
  TRY(const auto keys, crypto::load_master_keys(file));
  TRY(const auto counts, sealed_in(command));
  fmt::print("{}\n\n", file);
  for (const auto& key : keys.all())
    fmt::print("  {}  {:<7}  {} secrets in the database\n", to_string(key.id()),
               key.id() == keys.current().id() ? "current" : "", count_of(counts, key.id()));
  std::string missing;
  for (const auto& [id, count] : counts) {
    if (keys.find(id) != nullptr) continue;
    fmt::print("  {}  MISSING  {} secrets in the database\n", to_string(id), count);
    missing = to_string(id);
  }
  if (missing.empty()) return {};
  return fail(Code::unavailable, "seal.key.unknown",
              fmt::format("The file does not hold master key {}; put back the file that does.", missing));
}

Result<void> add(DatabaseCommand& command, const std::string& file) {
  const auto key = MasterKey::generate(command.entropy);
  TRY(crypto::change_master_keys(file, command.entropy,
                                 [&key](const MasterKeys& keys) { return keys.with(key); }));
  fmt::print(
      "Master key {0} was added to {1}. Nothing is sealed under it yet.\n"
      "Give the file to every node and restart them one after the other; then: allauth keys use {0}\n",
      to_string(key.id()), file);
  return {};
}

Result<void> use(DatabaseCommand& command, const std::string& file, const MasterKey::Id& id) {
  TRY(crypto::change_master_keys(file, command.entropy,
                                 [&id](const MasterKeys& keys) { return keys.with_current(id); }));
  fmt::print(
      "{} is the current master key in {}.\n"
      "Do the same on every node and restart them one after the other; then, once: allauth keys reseal\n",
      to_string(id), file);
  return {};
}

Result<void> reseal_all(DatabaseCommand& command, const std::string& file) {
  TRY(const auto keys, crypto::load_master_keys(file));
  TRY(const auto store, command.open_store());
  ProgressLine progress("Sealing", command.clock);
  TRY(const std::size_t done, reseal(*store, keys, command.entropy, [&progress](std::size_t so_far) {
        progress.show(so_far, 0, fmt::format("{} secrets", so_far));
      }));
  fmt::print("{} secrets were sealed again; all are under master key {} now.\n", done,
             to_string(keys.current().id()));
  return {};
}

Result<void> retire(DatabaseCommand& command, const std::string& file, const MasterKey::Id& id) {
  TRY(const auto counts, sealed_in(command));
  if (const auto count = count_of(counts, id); count > 0)
    return fail(Code::conflict, "seal.key.used",
                fmt::format("{} secrets in the database are sealed under master key {}; run allauth keys "
                            "reseal first.",
                            count, to_string(id)));
  TRY(crypto::change_master_keys(file, command.entropy,
                                 [&id](const MasterKeys& keys) { return keys.without(id); }));
  fmt::print(
      "Master key {} was taken out of {}. Backups made while it was used need it: keep it as long as "
      "those.\n",
      to_string(id), file);
  return {};
}

// What a file that may be lost altogether knows.
Result<bool> holds(const std::string& file, const MasterKey::Id& id) {
  const auto keys = crypto::load_master_keys(file);
  if (keys) return keys->find(id) != nullptr;
  if (keys.error().code == Code::not_found) return false;
  return fail(keys.error());
}

Result<void> abandon_all(DatabaseCommand& command, const std::string& file, const MasterKey::Id& id) {
  TRY(const bool held, holds(file, id));
  if (held)
    return fail(Code::conflict, "seal.key.held",
                fmt::format("{} holds master key {}: nothing is lost.", file, to_string(id)));
  TRY(const auto counts, sealed_in(command));
  if (count_of(counts, id) == 0)
    return fail(Code::not_found, "seal.key.unused",
                fmt::format("Nothing in the database is sealed under master key {}.", to_string(id)));
  TRY(const auto store, command.open_store());
  ProgressLine progress("Erasing", command.clock);
  TRY(const std::size_t done, abandon(*store, id, [&progress](std::size_t so_far) {
        progress.show(so_far, 0, fmt::format("{} secrets", so_far));
      }));
  fmt::print(
      "{} secrets that were sealed under master key {} are erased; the next start makes new ones.\n"
      "People keep their passwords and sign in again. Make a new key for each client, and enroll each "
      "gateway "
      "node again: those made before are of no use.\n",
      done, to_string(id));
  return {};
}

template <Result<void> (*Do)(DatabaseCommand&, const std::string& file)>
Result<void> run(const Invocation& invocation) {
  TRY(const auto command, make_database_command(invocation));
  return Do(*command, master_key_file(command->config));
}

template <Result<void> (*Do)(DatabaseCommand&, const std::string& file, const MasterKey::Id& id)>
Result<void> run_with_key(const Invocation& invocation) {
  TRY(const auto command, make_database_command(invocation));
  TRY(const auto id, crypto::parse_master_key_id(invocation.options.words[0]));
  return Do(*command, master_key_file(command->config), id);
}

using Run = Result<void> (*)(const Invocation&);

Command key_command(std::string verb, std::string summary, std::string words, std::string details, Run run) {
  return {.path = "keys " + verb,
          .summary = std::move(summary),
          .words = words,
          .details = std::move(details),
          .examples = {{"", fmt::format("allauth keys {}{}", verb, words.empty() ? "" : " 1f2e3d4c")}},
          .see_also = {"keys status", "backup"},
          .groups = {&configuration_options()},
          .run = run,
          .takes_configuration = true};
}

}  // namespace

std::vector<Command> keys_commands() {
  return {
      key_command("status", "List the master keys and how much is sealed under each", "",
                  "Ends with 1 if a key is missing that something in the database is sealed under.",
                  run<status>),
      key_command("add", "Make a new master key, behind the current one", "",
                  "Nothing is sealed under it until `allauth keys use`. On several nodes, give the file to "
                  "all first.",
                  run<add>),
      key_command("use", "Make a key the current one", "KEY", "On every node, before `allauth keys reseal`.",
                  run_with_key<use>),
      key_command("reseal", "Seal everything in the database under the current key", "",
                  "May be interrupted and run again, also while nodes run.", run<reseal_all>),
      key_command("retire", "Take a key out of the file that nothing is sealed under any more", "KEY",
                  "Backups made while it was used still need it.", run_with_key<retire>),
      key_command(
          "abandon", "Give up what is sealed under a key that is lost for good", "KEY",
          "People keep their passwords and sign in again; clients need new keys, gateway nodes new tokens.",
          run_with_key<abandon_all>),
  };
}

}  // namespace allauth::server::cli
