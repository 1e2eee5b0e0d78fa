#include <fmt/format.h>

#include "server/cli/commands.h"
#include "server/cli/database.h"
#include "store/testing/next_version.h"

namespace allauth::server::cli {
namespace {

// nickname USER [NAME]: gives a name, or prints it.
Result<void> nickname(Args args) {
  TRY(const auto command, parse_database_command(args, {}, {}));
  const auto& words = command->own.words;
  if (words.empty() || words.size() > 2) return fail(Code::invalid, "usage", "Use: nickname USER [NAME]");
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
  const std::vector<std::string> args(argv + 1, argv + argc);
  if (args.empty() || args[0] != "nickname") return cli::run_program(args);
  const auto done = cli::nickname(cli::Args(args).subspan(1));
  return done ? 0 : cli::complain(done.error());
}
