// What somebody shows to prove who they are.
#pragma once

#include <string>
#include <variant>

#include "base/secret.h"

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

using PresentedCredential = std::variant<AccessToken, PasswordLogin, ClientKey>;

}  // namespace allauth::app
