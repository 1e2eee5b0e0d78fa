// config: looks at the configuration without a server.
#include <fmt/format.h>

#include "crypto/password.h"
#include "server/cli/commands.h"
#include "server/cli/options.h"
#include "server/cli/table/shared_options.h"

namespace allauth::server::cli {
namespace {

Result<LoadedConfig> checked(const Invocation& invocation) {
  TRY(auto loaded, load(invocation.options));
  const auto& password = loaded.config.password;
  TRY(crypto::PasswordParams::make(static_cast<std::uint32_t>(password.memory_kib),
                                   static_cast<std::uint32_t>(password.passes)));
  return loaded;
}

Result<void> check(const Invocation& invocation) {
  TRY(checked(invocation));
  fmt::print("The configuration is good.\n");
  return {};
}

Result<void> print(const Invocation& invocation) {
  TRY(const auto loaded, checked(invocation));
  fmt::print("{}", print_config(loaded));
  return {};
}

Result<void> reference(const Invocation&) {
  fmt::print("{}", config_reference());
  return {};
}

}  // namespace

std::vector<Command> config_commands() {
  return {
      {.path = "config check",
       .summary = "Say whether the configuration is good, without starting",
       .examples = {{"before a restart", "allauth config check --config /etc/allauth.toml"}},
       .groups = {&configuration_options()},
       .run = check,
       .takes_configuration = true},
      {.path = "config print",
       .summary = "Print every value and where it comes from, as a TOML file",
       .examples = {{"", "allauth config print --config /etc/allauth.toml --log.level=debug"}},
       .groups = {&configuration_options()},
       .run = print,
       .takes_configuration = true},
      {.path = "config reference", .summary = "Print what every key means, as Markdown", .run = reference},
  };
}

}  // namespace allauth::server::cli
