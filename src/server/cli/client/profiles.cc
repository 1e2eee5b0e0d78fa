#include "server/cli/client/profiles.h"

#include <algorithm>

#include <fmt/format.h>

#include "server/cli/client/json.h"
#include "server/cli/client/private_file.h"
#include "server/cli/options.h"

namespace allauth::server::cli {
namespace {

std::string profiles_file() { return profile_folder() + "/profiles.json"; }
std::string tokens_file(const std::string& profile) {
  return profile_folder() + "/tokens/" + profile + ".json";
}

Result<Json> parse_file(const std::string& path, std::string_view text) {
  auto parsed = parse_json(text);
  if (parsed && parsed->is_object()) return parsed;
  return fail(Code::invalid, "profile.damaged",
              fmt::format("{} is damaged; remove it and run `allauth login`.", path));
}

}  // namespace

std::string profile_folder() {
  const auto config = variable("XDG_CONFIG_HOME");
  return (config.empty() ? variable("HOME") + "/.config" : config) + "/allauth";
}

Result<void> check_profile_name(const std::string& name) {
  const auto fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  };
  if (!name.empty() && name.size() <= 64 && std::ranges::all_of(name, fits)) return {};
  return fail(Code::invalid, "usage", "The name of a profile is 1 to 64 letters, digits, - and _.");
}

Result<Profiles> load_profiles() {
  TRY(const auto text, read_private_file(profiles_file()));
  Profiles profiles;
  if (text.empty()) return profiles;
  TRY(const auto json, parse_file(profiles_file(), text));
  profiles.current = text_member(json, "current");
  const auto* all = member(json, "profiles");
  if (all == nullptr || !all->is_object()) return profiles;
  for (const auto& [name, value] : all->as_object())
    profiles.all[std::string(name)] = {.server = text_member(value, "server"),
                                       .ca_file = text_member(value, "ca"),
                                       .domain = text_member(value, "domain")};
  return profiles;
}

Result<void> save_profiles(const Profiles& profiles) {
  boost::json::object all;
  for (const auto& [name, profile] : profiles.all)
    all[name] = {{"server", profile.server}, {"ca", profile.ca_file}, {"domain", profile.domain}};
  const boost::json::object file{{"current", profiles.current}, {"profiles", all}};
  return write_private_file(profiles_file(), boost::json::serialize(file) + "\n");
}

Result<std::optional<Tokens>> load_tokens(const std::string& profile) {
  TRY(auto text, read_private_file(tokens_file(profile)));
  if (text.empty()) return std::nullopt;
  TRY(const auto json, parse_file(tokens_file(profile), text));
  wipe_memory(text.data(), text.size());
  const auto* expires = member(json, "expires_at");
  return Tokens{.server = text_member(json, "server"),
                .access = Secret(text_member(json, "access_token")),
                .refresh = Secret(text_member(json, "refresh_token")),
                .expires_at = expires != nullptr && expires->is_int64() ? expires->as_int64() : 0};
}

Result<void> save_tokens(const std::string& profile, const Tokens& tokens) {
  JsonObject file;
  file.text("server", tokens.server)
      .secret("access_token", tokens.access)
      .secret("refresh_token", tokens.refresh)
      .raw("expires_at", std::to_string(tokens.expires_at));
  std::string text = file.done();
  auto done = write_private_file(tokens_file(profile), text);
  wipe_memory(text.data(), text.size());
  return done;
}

Result<void> forget_tokens(const std::string& profile) { return remove_private_file(tokens_file(profile)); }

std::string lock_file_of(const std::string& profile) {
  return profile_folder() + "/tokens/" + profile + ".lock";
}

}  // namespace allauth::server::cli
