// Command-line arguments: "--name=value", "--name value", and words.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/secret.h"
#include "server/config/load.h"

namespace allauth::server::cli {

struct Options {
  std::vector<std::string> words;
  std::vector<std::pair<std::string, std::string>> named;  // in order, without the dashes

  // The last value of that name.
  std::optional<std::string> find(std::string_view name) const;
};

// `switches` take no value. Error: usage.
Result<Options> parse_options(std::span<const std::string> args, std::span<const std::string_view> switches);

// Error usage.unknown if an option is not among these; with the nearest one.
Result<void> allow_only(const Options& options, std::span<const std::string_view> names);

// The configuration that --config FILE, ALLAUTH_… variables and all other options give.
Result<LoadedConfig> load(const Options& options);

// Prints an error for a person, on stderr; answers the exit status.
int complain(const Error& error);

// One line of standard input. Error: usage.input.
Result<Secret> read_secret_line(std::string_view what);

// A variable of the environment; empty if it is not set.
std::string variable(const char* name);

}  // namespace allauth::server::cli
