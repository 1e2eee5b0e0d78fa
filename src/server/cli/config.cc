#include <fmt/format.h>

#include "crypto/password.h"
#include "server/cli/commands.h"
#include "server/cli/options.h"

namespace allauth::server::cli {

int config(Args args) {
  const auto options = parse_options(args, {});
  if (!options) return complain(options.error());
  const std::string what = options->words.size() == 1 ? options->words.front() : "";
  if (what == "reference") {
    fmt::print("{}", config_reference());
    return 0;
  }
  if (what != "check" && what != "print")
    return complain(
        {.code = Code::invalid,
         .reason = "usage",
         .message = "Use: allauth config check|print|reference [--config FILE] [--key=value ...]"});
  const auto loaded = load(*options);
  if (!loaded) return complain(loaded.error());
  const auto& password = loaded->config.password;
  if (const auto cost = crypto::PasswordParams::make(static_cast<std::uint32_t>(password.memory_kib),
                                                     static_cast<std::uint32_t>(password.passes));
      !cost)
    return complain(cost.error());
  if (what == "print")
    fmt::print("{}", print_config(*loaded));
  else
    fmt::print("The configuration is good.\n");
  return 0;
}

}  // namespace allauth::server::cli
