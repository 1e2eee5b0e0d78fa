// Credential rows: passwords of users, keys of clients.
#pragma once

#include "app/core.h"
#include "app/directory/change.h"
#include "model/access.h"

namespace allauth::app {

Credential password_credential(CredentialId id, const UserId& user, std::string record);
void set_password_record(Credential& credential, std::string record);

// A key given by the caller, 16–256 printable ASCII characters without spaces (it travels in headers
// and MQTT passwords). Errors: key.length, key.invalid, key.prefix.
Result<void> check_given_key(const Secret& key, std::string_view field);

// A key made here: "ak1_" and 256 random bits.
Secret make_client_key(Entropy& entropy);

Credential key_credential(CredentialId id, const ClientId& client, std::string_view scheme,
                          const crypto::Digest& digest);

// Erases a credential, disabling it first, so that whoever follows the log sees what to forget.
Result<void> erase_credential(store::Tx& tx, Credential credential);

Result<std::vector<Credential>> credentials_of(store::Read& read, std::string_view owner_kind,
                                               std::string_view owner_id);

}  // namespace allauth::app
