// What commands take from outside: configuration, the environment, standard input.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"
#include "base/secret.h"
#include "server/cli/table/command.h"
#include "server/config/load.h"

namespace allauth::server::cli {

// The configuration that --config FILE, ALLAUTH_… variables and all other options give.
Result<LoadedConfig> load(const Options& options);

// One line of standard input. Error: usage.input.
Result<Secret> read_secret_line(std::string_view what);

// A variable of the environment; empty if it is not set.
std::string variable(const char* name);

}  // namespace allauth::server::cli
