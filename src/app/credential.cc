#include "app/credential.h"

namespace allauth::app {

std::optional<CredentialType> user_token_type(const Secret& secret) {
  return secret.with([](std::string_view text) -> std::optional<CredentialType> {
    if (text.starts_with(kPersonalTokenPrefix)) return CredentialType::personal_token;
    if (text.starts_with(kUserKeyPrefix)) return CredentialType::user_key;
    return std::nullopt;
  });
}

}  // namespace allauth::app
