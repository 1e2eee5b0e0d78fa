#include <fmt/format.h>

#include "server/cli/commands.h"
#include "server/cli/database.h"
#include "store/testing/next_version.h"

namespace allauth::server::cli {
namespace {

// Gives a name, or prints it.
Result<void> nickname(const Invocation& invocation) {
  TRY(const auto command, make_database_command(invocation));
  const auto& words = command->own.words;
  const auto user = UserId::trusted(words[0]);
  TRY(const auto store, command->open_store());
  if (words.size() == 2) {
    TRY(store->write(store::testing::give_nickname(user, words[1])));
    return {};
  }
  TRY(const auto found,
      store->read([&user](store::Read& read) { return store::find<store::testing::NextUser>(read, user); }));
  if (!found) return fail(Code::not_found, "row.missing", "There is no such user.");
  fmt::print("{}\n", found->nickname);
  return {};
}

}  // namespace
}  // namespace allauth::server::cli

int main(int argc, char** argv) {
  namespace cli = allauth::server::cli;
  auto table = cli::command_table();
  table.commands.push_back({.path = "nickname",
                            .summary = "Give a user a name, or print it",
                            .words = "USER [NAME]",
                            .run = cli::nickname,
                            .takes_configuration = true});
  return cli::run_program(std::vector<std::string>(argv + 1, argv + argc), table);
}
