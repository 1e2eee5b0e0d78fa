// Clients: what connects, each with keys of its own.
#pragma once

#include "app/access/gate.h"
#include "app/directory/common.h"
#include "app/lists/list_page.h"
#include "model/access.h"

namespace allauth::app {

struct NewClient {
  std::optional<ClientId> id;  // nothing: a fresh one
  CommonFields common;
  std::optional<Secret> key;  // check_given_key; nothing: one is made
};

// A key at the only moment in which it can be shown.
struct MadeKey {
  ClientId client;
  CredentialId id;
  Secret key;
};

struct CreatedClient {
  Client client;
  MadeKey key;
};

// Errors: conflict client.exists, key.length, key.invalid, invalid group.domain.
Result<store::Write<CreatedClient>> create_client(const Core& core, Permit<act::CreateClient> permit,
                                                  NewClient client);

// Up to kMaxClientsAtOnce, all or none, all in one place; the field of an error names the one at fault.
// Further error: invalid clients.count.
inline constexpr std::size_t kMaxClientsAtOnce = 100;
Result<store::Write<std::vector<CreatedClient>>> create_clients(const Core& core,
                                                                Permit<act::CreateClient> permit,
                                                                std::vector<NewClient> clients);

Result<Client> get_client(store::Read& read, const Permit<act::ReadClient>& permit);
Result<Page<Client>> list_clients(store::Read& read, const Permit<act::ListClients>& permit,
                                  const ListRequest& request);

Result<store::Write<Client>> update_client(const Core& core, Permit<act::UpdateClient> permit,
                                           CommonChanges changes, std::optional<Revision> expected);
// A disabled client's live connections end within a second.
Result<store::Write<Client>> set_client_status(const Core& core, Permit<act::UpdateClient> permit,
                                               Status status, std::optional<Revision> expected);
// Puts it into a group of its domain, or into none. Takes the right to move it, and to make clients where
// it goes. Error: invalid group.domain.
Result<store::Write<Client>> move_client(const Core& core, Permit<act::MoveClient> permit,
                                         Permit<act::CreateClient> into, std::optional<Revision> expected);
// Erases its keys, connections, memberships and the roles on it as well.
Result<store::Write<store::Done>> delete_client(const Core& core, Permit<act::DeleteClient> permit,
                                                std::optional<Revision> expected);

// A further key, so that keys can be changed without a gap. At most kMaxKeys.
// Whoever has a key is the client; so for a client with roles it also takes the right to manage those
// roles, or every action that they grant. Errors: conflict key.exists (the client has this key already),
// exhausted key.too_many, denied key.roles.
inline constexpr std::size_t kMaxKeys = 8;
Result<store::Write<MadeKey>> create_key(const Core& core, Permit<act::ManageKeys> permit,
                                         std::optional<Secret> given);
Result<Page<Credential>> list_keys(store::Read& read, const Permit<act::ManageKeys>& permit,
                                   const ListRequest& request);
// What connected with it is cut off within a second.
Result<store::Write<store::Done>> delete_key(const Core& core, Permit<act::ManageKeys> permit,
                                             CredentialId key);

}  // namespace allauth::app
