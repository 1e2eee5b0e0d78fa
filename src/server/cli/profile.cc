// profile: which servers somebody works with.
#include <fmt/format.h>

#include "server/cli/client/connection.h"
#include "server/cli/commands.h"
#include "server/cli/terminal/terminal.h"
#include "server/cli/terminal/text_table.h"

namespace allauth::server::cli {
namespace {

std::unexpected<Error> no_such_profile(const std::string& name) {
  return fail(Code::not_found, "profile.missing",
              fmt::format("There is no profile {}; `allauth login --profile {}` makes it.", name, name));
}

std::string current_of(const Profiles& profiles) {
  return profiles.current.empty() ? "default" : profiles.current;
}

Result<void> list(const Invocation&) {
  TRY(const auto profiles, load_profiles());
  std::vector<std::vector<std::string>> rows;
  for (const auto& [name, profile] : profiles.all) {
    const auto tokens = load_tokens(name);
    const std::string_view state = !tokens ? "unsafe" : *tokens ? "logged in" : "";
    rows.push_back(
        {name == current_of(profiles) ? "*" : "", name, profile.server, profile.domain, std::string(state)});
  }
  if (rows.empty())
    fmt::print("There is none yet: allauth login\n");
  else
    fmt::print(
        "{}", text_table({{"", true}, {"PROFILE", true}, {"SERVER", true}, {"DOMAIN"}, {"STATE"}}, rows, {}));
  return {};
}

Result<void> use(const Invocation& invocation) {
  const auto& name = invocation.options.words[0];
  TRY(auto profiles, load_profiles());
  if (!profiles.all.contains(name)) return no_such_profile(name);
  profiles.current = name;
  TRY(save_profiles(profiles));
  fmt::print("Profile {} is in use: {}\n", name, profiles.all[name].server);
  return {};
}

Result<void> set(const Invocation& invocation) {
  const auto& what = invocation.options.words[0];
  const auto& value = invocation.options.words[1];
  TRY(auto profiles, load_profiles());
  const auto name = invocation.options.find("profile").value_or(current_of(profiles));
  TRY(check_profile_name(name));
  Profile& profile = profiles.all[name];
  if (what == "domain")
    profile.domain = value;
  else if (what == "server")
    profile.server = value;
  else if (what == "ca")
    profile.ca_file = value;
  else
    return fail(Code::invalid, "usage", fmt::format("A profile has a domain, server and ca, no {}.", what));
  if (profiles.current.empty()) profiles.current = name;
  TRY(save_profiles(profiles));
  fmt::print("Profile {}: {} is {}.\n", name, what, value.empty() ? "nothing" : value);
  return {};
}

Result<void> remove(const Invocation& invocation) {
  const auto& name = invocation.options.words[0];
  TRY(auto profiles, load_profiles());
  if (profiles.all.erase(name) == 0) return no_such_profile(name);
  if (profiles.current == name) profiles.current.clear();
  TRY(forget_tokens(name));
  TRY(save_profiles(profiles));
  fmt::print("Profile {} and its tokens are gone.\n", name);
  return {};
}

}  // namespace

std::vector<Command> profile_commands() {
  return {
      {.path = "profile list",
       .summary = "List the profiles, the one in use with a *",
       .examples = {{"", "allauth profile list"}},
       .run = list},
      {.path = "profile use",
       .summary = "Use a profile from now on",
       .words = "NAME",
       .examples = {{"", "allauth profile use prod"}},
       .see_also = {"login"},
       .run = use},
      {.path = "profile set",
       .summary = "Set the domain, server or CA file of a profile",
       .words = "domain|server|ca VALUE",
       .options = {{"profile", "NAME", "which profile; else the one in use"}},
       .details = "The domain is that of commands without --domain, and where names are looked for.",
       .examples = {{"", "allauth profile set domain plant-1"},
                    {"", "allauth profile set ca /etc/ssl/plant.pem"}},
       .run = set},
      {.path = "profile remove",
       .summary = "Forget a profile and its tokens",
       .words = "NAME",
       .details = "Its session at the server goes on until it expires; `allauth logout` ends it.",
       .examples = {{"", "allauth profile remove prod"}},
       .see_also = {"logout"},
       .run = remove},
  };
}

}  // namespace allauth::server::cli
