#include "server/cli/database.h"

#include "base/url.h"
#include "server/run/server.h"

namespace allauth::server::cli {

std::string DatabaseCommand::database_name() const { return without_password(database_location(config)); }

Result<std::unique_ptr<sql::Database>> DatabaseCommand::open_to_read() {
  auto options = database_options(config);
  options.only_reads = true;
  return sql::open_database(database_location(config), clock, log, options);
}

Result<std::unique_ptr<sql::Database>> DatabaseCommand::open_to_write() {
  TRY(prepare_data_dir(config));
  return sql::open_database(database_location(config), clock, log, database_options(config));
}

Result<std::unique_ptr<store::Store>> DatabaseCommand::open_store() {
  TRY(open_to_read());  // so that no database is made
  return store::Store::open({.clock = clock,
                             .entropy = entropy,
                             .log = log,
                             .metrics = metrics,
                             .location = database_location(config),
                             .database = database_options(config),
                             .migrating = store::Migrating::never});
}

Result<std::unique_ptr<DatabaseCommand>> make_database_command(const Invocation& invocation) {
  TRY(auto loaded, load(invocation.options));
  auto command = std::make_unique<DatabaseCommand>();
  command->own = invocation.options;
  command->config = std::move(loaded.config);
  return command;
}

}  // namespace allauth::server::cli
