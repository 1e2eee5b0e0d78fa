#include "app/identity/credentials.h"

#include "app/credential.h"
#include "codec/base64.h"
#include "store/lookups.h"

namespace allauth::app {
namespace {

constexpr std::size_t kMinKey = 16;
constexpr std::size_t kMaxKey = 256;

}  // namespace

Credential password_credential(CredentialId id, const UserId& user, std::string record) {
  Credential credential{.id = std::move(id),
                        .owner_kind = std::string(kind::user),
                        .owner_id = user.str(),
                        .type = CredentialType::password};
  set_password_record(credential, std::move(record));
  return credential;
}

void set_password_record(Credential& credential, std::string record) {
  credential.scheme = crypto::password_scheme(record);
  credential.verifier = std::move(record);
}

Result<void> check_given_key(const Secret& key, std::string_view field) {
  if (key.size() < kMinKey || key.size() > kMaxKey)
    return fail(Code::invalid, "key.length", "A key has 16 to 256 characters.", std::string(field));
  const bool plain = key.with([](std::string_view text) {
    return std::ranges::all_of(text, [](char c) { return c > 0x20 && c < 0x7F; });
  });
  if (user_token_type(key))
    return fail(Code::invalid, "key.prefix", "Keys that begin with apt1_ or auk1_ are those of users.",
                std::string(field));
  if (!plain)
    return fail(Code::invalid, "key.invalid", "A key is printable ASCII without spaces.", std::string(field));
  return {};
}

Secret make_client_key(Entropy& entropy) {
  std::array<std::uint8_t, 32> bytes;
  entropy.fill(bytes);
  Secret key("ak1_" + codec::base64url_encode(codec::as_text(bytes)));
  wipe_memory(bytes.data(), bytes.size());
  return key;
}

Credential key_credential(CredentialId id, const ClientId& client, std::string_view scheme,
                          const crypto::Digest& digest) {
  return {.id = std::move(id),
          .owner_kind = std::string(kind::client),
          .owner_id = client.str(),
          .type = CredentialType::client_key,
          .scheme = std::string(scheme),
          .digest = {std::string(codec::as_text(digest))}};
}

Result<void> erase_credential(store::Tx& tx, Credential credential) {
  credential.status = Status::disabled;
  TRY(store::update(tx, credential));
  return store::erase(tx, credential);
}

Result<std::vector<Credential>> credentials_of(store::Read& read, std::string_view owner_kind,
                                               std::string_view owner_id) {
  return store::select<Credential>(read, store::lookup::kCredentialsOfOwner, owner_kind, owner_id);
}

}  // namespace allauth::app
