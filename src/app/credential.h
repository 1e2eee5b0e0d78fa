// What somebody shows to prove who they are.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "base/secret.h"
#include "model/access.h"

namespace allauth::app {

// Where a credential was shown.
struct Source {
  std::string address =
      {};  // an IP address as text, or what else tells one who shows it from another; empty: not known
  std::string via = {};  // the caller who says so, on behalf of somebody; empty: it was shown here
};

struct AccessToken {
  Secret token;
};

struct PasswordLogin {
  std::string login;  // e-mail address or user name
  Secret password;
  Source source{};
};

struct ClientKey {
  std::string client_id;
  Secret key;
  Source source{};
};

// A secret of a user's own making: each type has a prefix, by which it is told what it is.
struct PersonalToken {
  Secret token;
};
struct UserKey {
  Secret key;
};
inline constexpr std::string_view kPersonalTokenPrefix = "apt1_";
inline constexpr std::string_view kUserKeyPrefix = "auk1_";

using PresentedCredential = std::variant<AccessToken, PasswordLogin, ClientKey, PersonalToken, UserKey>;

// What users show in place of a login, by its prefix; nothing for all else.
std::optional<CredentialType> user_token_type(const Secret& secret);

}  // namespace allauth::app
