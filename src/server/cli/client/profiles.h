// Profiles: the servers that somebody works with, each with the tokens of a login.
//
//   $XDG_CONFIG_HOME/allauth/profiles.json        no secrets: server, CA file and default domain of each
//   $XDG_CONFIG_HOME/allauth/tokens/NAME.json     the tokens, mode 0600
//   $XDG_CONFIG_HOME/allauth/tokens/NAME.lock     held while they are renewed
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "base/error.h"
#include "base/secret.h"

namespace allauth::server::cli {

struct Profile {
  std::string server;
  std::string ca_file;
  std::string domain;  // for commands without --domain; may be empty
};

struct Profiles {
  std::string current;  // empty: "default"
  std::map<std::string, Profile> all;
};

// $XDG_CONFIG_HOME/allauth, or ~/.config/allauth.
std::string profile_folder();

// Errors: profile.damaged and those of private_file.h.
Result<Profiles> load_profiles();
Result<void> save_profiles(const Profiles& profiles);

// 1 to 64 of a-z A-Z 0-9 _ -, since it names a file. Error: usage.
Result<void> check_profile_name(const std::string& name);

struct Tokens {
  std::string server;  // where they are good, and nowhere else
  Secret access;
  Secret refresh;
  std::int64_t expires_at = 0;  // of the access token, seconds since 1970 by this host's clock
};

// Nothing if nobody is logged in there. Errors: profile.damaged and those of private_file.h.
Result<std::optional<Tokens>> load_tokens(const std::string& profile);
Result<void> save_tokens(const std::string& profile, const Tokens& tokens);
Result<void> forget_tokens(const std::string& profile);

std::string lock_file_of(const std::string& profile);

}  // namespace allauth::server::cli
