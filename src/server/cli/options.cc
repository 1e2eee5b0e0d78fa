#include "server/cli/options.h"

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>

#include <fmt/format.h>

#include "base/text.h"

extern char** environ;  // NOLINT: POSIX

namespace allauth::server::cli {
namespace {

// Variables that begin like ours but belong to commands or tests, not to the configuration.
constexpr std::string_view kNotConfiguration[] = {"ALLAUTH_SERVER", "ALLAUTH_TOKEN", "ALLAUTH_SUITES"};

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

std::optional<std::string> Options::find(std::string_view name) const {
  std::optional<std::string> found;
  for (const auto& [key, value] : named)
    if (key == name) found = value;
  return found;
}

Result<Options> parse_options(std::span<const std::string> args, std::span<const std::string_view> switches) {
  Options options;
  for (std::size_t i = 0; i < args.size(); ++i) {
    std::string_view arg = args[i];
    if (!arg.starts_with("--") || arg.size() == 2) {
      options.words.emplace_back(arg);
      continue;
    }
    arg.remove_prefix(2);
    const auto equals = arg.find('=');
    const std::string name(arg.substr(0, equals));
    if (equals != std::string_view::npos) {
      options.named.emplace_back(name, arg.substr(equals + 1));
    } else if (std::ranges::find(switches, name) != switches.end()) {
      options.named.emplace_back(name, "true");
    } else if (i + 1 < args.size()) {
      options.named.emplace_back(name, args[++i]);
    } else {
      return fail(Code::invalid, "usage", fmt::format("--{} needs a value.", name));
    }
  }
  return options;
}

Result<void> allow_only(const Options& options, std::span<const std::string_view> names) {
  for (const auto& [name, value] : options.named) {
    if (std::ranges::find(names, name) != names.end()) continue;
    std::string known;
    for (auto n : names) known += fmt::format("{}--{}", known.empty() ? "" : ", ", n);
    return fail(Code::invalid, "usage.unknown",
                fmt::format("--{} is not known here. There is {}.", name, known));
  }
  return {};
}

Result<LoadedConfig> load(const Options& options) {
  ConfigSources sources{.file_name = {}, .file_text = {}, .variables = our_variables(), .flags = {}};
  for (const auto& [name, value] : options.named) {
    if (name == "config")
      sources.file_name = value;
    else
      sources.flags.emplace_back(name, value);
  }
  if (!sources.file_name.empty()) {
    TRY(sources.file_text, read_file(sources.file_name));
  }
  return load_config(sources);
}

int complain(const Error& error) {
  std::string line = fmt::format("allauth: {}", error.message);
  if (!error.field.empty()) line += fmt::format(" [{}]", error.field);
  if (!error.detail.empty()) line += fmt::format(" ({})", error.detail);
  fmt::print(stderr, "{}\n", line);
  return error.reason == Reason("usage") || error.reason == Reason("usage.unknown") ? 2 : 1;
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
