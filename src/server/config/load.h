// Puts a Config together from its sources and says where each value came from.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "server/config/config.h"

namespace allauth::server {

// What the process was given, as plain values: main reads them, tests make them up.
struct ConfigSources {
  std::string file_name;                                   // for messages; empty when there is no file
  std::string file_text;                                   // TOML
  std::map<std::string, std::string> variables;            // those that begin with ALLAUTH_
  std::vector<std::pair<std::string, std::string>> flags;  // {"tokens.issuer", "me"}
};

struct LoadedConfig {
  Config config;
  std::map<std::string, std::string> origin;  // path -> "file", "ALLAUTH_LOG_LEVEL" or "--log.level"
};

// Errors, all Code::invalid: config.syntax (with line and column), config.unknown (with the nearest
// known key), config.value, config.missing, config.range. The message names key and source.
Result<LoadedConfig> load_config(const ConfigSources&);

// The effective configuration as a commented TOML file.
std::string print_config(const LoadedConfig&);

// The reference of all keys, in Markdown.
std::string config_reference();

// A TOML document as flat keys, "listener.0.address" -> "127.0.0.1:8080". Error: config.syntax.
Result<std::vector<std::pair<std::string, std::string>>> flatten_toml(std::string_view text,
                                                                      std::string_view file_name);

}  // namespace allauth::server
