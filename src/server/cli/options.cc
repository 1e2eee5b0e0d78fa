#include "server/cli/options.h"

#include <cstdlib>
#include <fstream>
#include <iostream>

#include <fmt/format.h>

#include "base/text.h"

extern char** environ;  // NOLINT: POSIX

namespace allauth::server::cli {
namespace {

// Variables that begin like ours but belong to commands or tests, not to the configuration.
constexpr std::string_view kNotConfiguration[] = {"ALLAUTH_SERVER", "ALLAUTH_TOKEN", "ALLAUTH_PROFILE",
                                                  "ALLAUTH_SUITES"};

std::map<std::string, std::string> our_variables() {
  std::map<std::string, std::string> ours;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    const auto name = text.substr(0, text.find('='));
    if (!name.starts_with("ALLAUTH_") ||
        std::ranges::find(kNotConfiguration, name) != std::end(kNotConfiguration))
      continue;
    ours.emplace(name, text.substr(name.size() + 1));
  }
  return ours;
}

Result<std::string> read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(in), {}};
  if (!in) return fail(Code::invalid, "config.file", fmt::format("{} cannot be read.", path));
  return text;
}

}  // namespace

Result<LoadedConfig> load(const Options& options) {
  ConfigSources sources{.file_name = options.find("config").value_or(""),
                        .file_text = {},
                        .variables = our_variables(),
                        .flags = options.configuration};
  if (!sources.file_name.empty()) {
    TRY(sources.file_text, read_file(sources.file_name));
  }
  return load_config(sources);
}

Result<Secret> read_secret_line(std::string_view what) {
  std::string line;
  if (!std::getline(std::cin, line) || line.empty())
    return fail(Code::invalid, "usage.input",
                fmt::format("Expected the {} as one line on standard input.", what));
  return Secret::take(line);
}

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr ? value : "";
}

}  // namespace allauth::server::cli
