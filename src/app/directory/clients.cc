#include "app/directory/clients.h"

#include "app/access/role_members.h"
#include "app/directory/change.h"
#include "app/directory/erase.h"
#include "app/directory/move.h"
#include "app/identity/credentials.h"
#include "app/lists/covered_rows.h"
#include "store/lookups.h"

namespace allauth::app {
namespace {

struct PreparedKey {
  Secret key;
  Credential row;
};

Result<PreparedKey> prepare_key(const Core& core, const ClientId& client, std::optional<Secret> given) {
  if (given) TRY(check_given_key(*given, "key"));
  const std::string_view scheme = given ? "given" : "ak1";
  Secret key = given ? std::move(*given) : make_client_key(core.entropy);
  const auto digest = core.digests.client_key(client.str(), key);
  auto row = key_credential(CredentialId::trusted(core.ids.next()), client, scheme, digest);
  return PreparedKey{std::move(key), std::move(row)};
}

Result<MadeKey> insert_key(store::Tx& tx, const Caller& caller, const PreparedKey& key) {
  Credential row = key.row;
  row.stamp = fresh_stamp(tx, caller);
  TRY(store::insert(tx, row));
  return MadeKey{ClientId::trusted(row.owner_id), row.id, key.key.copy()};
}

struct PreparedClient {
  Client row;
  PreparedKey key;
};

Result<PreparedClient> prepare_client(const Core& core, const Container& where, NewClient fresh) {
  Client client{.id = fresh.id ? std::move(*fresh.id) : ClientId::trusted(core.ids.next()),
                .domain = where.domain(),
                .group = where.group()};
  set_common(client, std::move(fresh.common));
  TRY(auto key, prepare_key(core, client.id, std::move(fresh.key)));
  return PreparedClient{std::move(client), std::move(key)};
}

Result<CreatedClient> insert_client(store::Tx& tx, const Caller& caller, const PreparedClient& prepared) {
  TRY(const auto taken, store::find<Client>(tx, prepared.row.id));
  if (taken) return fail(Code::conflict, "client.exists", "Another client has this id.", "client_id");
  Client made = prepared.row;
  made.stamp = fresh_stamp(tx, caller);
  TRY(store::insert(tx, made));
  TRY(auto key, insert_key(tx, caller, prepared.key));
  return CreatedClient{std::move(made), std::move(key)};
}

store::Act client_act(const Caller& caller, std::string_view slug, const Client& client) {
  return act_of(caller, slug, kind::client, client.id.str(), client.domain.str());
}

}  // namespace

Result<store::Write<CreatedClient>> create_client(const Core& core, Permit<act::CreateClient> permit,
                                                  NewClient fresh) {
  TRY(auto prepared, prepare_client(core, permit.object(), std::move(fresh)));
  return guarded<CreatedClient>(
      core, std::move(permit),
      [prepared = std::move(prepared)](store::Tx& tx, const auto& p) -> Result<CreatedClient> {
        TRY(require_container(tx, p.object(), "group_id"));
        TRY(auto made, insert_client(tx, p.caller(), prepared));
        tx.act(client_act(p.caller(), "client.created", made.client));
        return made;
      });
}

Result<store::Write<std::vector<CreatedClient>>> create_clients(const Core& core,
                                                                Permit<act::CreateClient> permit,
                                                                std::vector<NewClient> clients) {
  if (clients.empty() || clients.size() > kMaxClientsAtOnce)
    return fail(Code::invalid, "clients.count", "Give 1 to 100 clients.", "clients");
  std::vector<PreparedClient> prepared;
  for (std::size_t i = 0; i < clients.size(); ++i) {
    TRY(auto one, in_item("clients", i, prepare_client(core, permit.object(), std::move(clients[i]))));
    prepared.push_back(std::move(one));
  }
  using Made = std::vector<CreatedClient>;
  return guarded<Made>(core, std::move(permit),
                       [prepared = std::move(prepared)](store::Tx& tx, const auto& p) -> Result<Made> {
                         TRY(require_container(tx, p.object(), "group_id"));
                         Made made;
                         for (std::size_t i = 0; i < prepared.size(); ++i) {
                           TRY(auto one, in_item("clients", i, insert_client(tx, p.caller(), prepared[i])));
                           made.push_back(std::move(one));
                         }
                         tx.act(act_of(p.caller(), "clients.created", p.object().kind(), p.object().str(),
                                       p.object().domain().str()));
                         return made;
                       });
}

Result<Client> get_client(store::Read& read, const Permit<act::ReadClient>& permit) {
  return require_row<Client>(read, permit.object());
}

Result<Page<Client>> list_clients(store::Read& read, const Permit<act::ListClients>& permit,
                                  const ListRequest& request) {
  const auto& domain = permit.object();
  return list_covered<Client>(
      read, permit.caller(), {kind::client, domain.str()},
      [&](const Client& client) { return client.domain == domain; }, store::list::clients_of_domain(),
      request, domain);
}

Result<store::Write<Client>> update_client(const Core& core, Permit<act::UpdateClient> permit,
                                           CommonChanges changes, std::optional<Revision> expected) {
  return guarded<Client>(
      core, std::move(permit),
      [changes = std::move(changes), expected](store::Tx& tx, const auto& p) -> Result<Client> {
        TRY(auto client, require_row<Client>(tx, p.object()));
        TRY(client, change_row(tx, p.caller(), std::move(client), expected, [&](Client& row) -> Result<void> {
              change_common(row, changes);
              return {};
            }));
        tx.act(client_act(p.caller(), "client.updated", client));
        return client;
      });
}

Result<store::Write<Client>> set_client_status(const Core& core, Permit<act::UpdateClient> permit,
                                               Status status, std::optional<Revision> expected) {
  return guarded<Client>(
      core, std::move(permit), [status, expected](store::Tx& tx, const auto& p) -> Result<Client> {
        TRY(auto client, require_row<Client>(tx, p.object()));
        TRY(client, change_row(tx, p.caller(), std::move(client), expected, [&](Client& row) -> Result<void> {
              row.status = status;
              return {};
            }));
        tx.act(
            client_act(p.caller(), status == Status::enabled ? "client.enabled" : "client.disabled", client));
        return client;
      });
}

Result<store::Write<Client>> move_client(const Core& core, Permit<act::MoveClient> permit,
                                         Permit<act::CreateClient> into, std::optional<Revision> expected) {
  return move_into(core, std::move(permit), std::move(into), expected,
                   [](store::Tx& tx, const Caller& caller, const Client& client) {
                     tx.act(client_act(caller, "client.moved", client));
                   });
}

Result<store::Write<store::Done>> delete_client(const Core& core, Permit<act::DeleteClient> permit,
                                                std::optional<Revision> expected) {
  return guarded<store::Done>(core, std::move(permit),
                              [expected](store::Tx& tx, const auto& p) -> Result<store::Done> {
                                TRY(const auto client, require_row<Client>(tx, p.object()));
                                TRY(check_revision(client.stamp, expected));
                                TRY(erase_client(tx, p.caller(), client));
                                tx.act(client_act(p.caller(), "client.deleted", client));
                                return store::Done{};
                              });
}

Result<store::Write<MadeKey>> create_key(const Core& core, Permit<act::ManageKeys> permit,
                                         std::optional<Secret> given) {
  TRY(auto key, prepare_key(core, permit.object(), std::move(given)));
  return guarded<MadeKey>(core, std::move(permit),
                          [&core, key = std::move(key)](store::Tx& tx, const auto& p) -> Result<MadeKey> {
                            TRY(const auto client, require_row<Client>(tx, p.object()));
                            TRY(require_may_act_as(core, tx, p.caller(), client.id));
                            TRY(const auto keys, credentials_of(tx, kind::client, client.id.str()));
                            if (keys.size() >= kMaxKeys)
                              return fail(Code::exhausted, "key.too_many", "A client has at most 8 keys.");
                            if (std::ranges::find(keys, key.row.digest, &Credential::digest) != keys.end())
                              return fail(Code::conflict, "key.exists", "The client has this key already.",
                                          "key");
                            TRY(auto made, insert_key(tx, p.caller(), key));
                            tx.act(client_act(p.caller(), "client.key_created", client));
                            return made;
                          });
}

Result<Page<Credential>> list_keys(store::Read& read, const Permit<act::ManageKeys>& permit,
                                   const ListRequest& request) {
  // At most kMaxKeys.
  TRY(auto keys, credentials_of(read, kind::client, permit.object().str()));
  return list_few(std::move(keys), store::list::keys_of_client(), request, permit.object());
}

Result<store::Write<store::Done>> delete_key(const Core& core, Permit<act::ManageKeys> permit,
                                             CredentialId key) {
  return guarded<store::Done>(core, std::move(permit),
                              [key](store::Tx& tx, const auto& p) -> Result<store::Done> {
                                TRY(const auto client, require_row<Client>(tx, p.object()));
                                TRY(auto row, require_row<Credential>(tx, key));
                                if (row.owner_kind != kind::client || row.owner_id != client.id.str())
                                  return missing_object();
                                TRY(erase_credential(tx, std::move(row)));
                                tx.act(client_act(p.caller(), "client.key_deleted", client));
                                return store::Done{};
                              });
}

}  // namespace allauth::app
