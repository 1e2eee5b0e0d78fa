// What somebody shows to prove who they are.
#pragma once

#include <string>
#include <variant>

#include "base/secret.h"

namespace allauth::app {

struct AccessToken {
  Secret token;
};

struct PasswordLogin {
  std::string login;  // e-mail address or user name
  Secret password;
};

struct ClientKey {
  std::string client_id;
  Secret key;
};

using PresentedCredential = std::variant<AccessToken, PasswordLogin, ClientKey>;

}  // namespace allauth::app
