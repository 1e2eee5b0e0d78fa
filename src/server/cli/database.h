// What the commands that work on the database itself have in common.
#pragma once

#include <memory>
#include <string>

#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "server/cli/options.h"
#include "server/config/config.h"
#include "store/sql/open.h"
#include "store/store.h"

namespace allauth::server::cli {

// A command's own options, and the configuration that all others give, as for `serve`.
struct DatabaseCommand {
  Options own;
  Config config;
  SystemClock clock{};
  SystemEntropy entropy{};
  Log log{clock, LogLevel::warn, LogFormat::human};
  Metrics metrics{};

  // For people: the file, or the URL without its password.
  std::string database_name() const;
  // Beside a server that may be running. Error: not_found store.missing.
  Result<std::unique_ptr<sql::Database>> open_to_read();
  // On the embedded database: conflict store.in_use while a server runs.
  Result<std::unique_ptr<sql::Database>> open_to_write();
  // As a server would, but without migrating.
  Result<std::unique_ptr<store::Store>> open_store();
};

// A command with takes_configuration, as it was typed.
Result<std::unique_ptr<DatabaseCommand>> make_database_command(const Invocation& invocation);

}  // namespace allauth::server::cli
