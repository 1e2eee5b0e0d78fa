#include "server/run/keys.h"

#include "codec/base64.h"
#include "crypto/master_key_file.h"
#include "crypto/seal.h"
#include "model/access.h"
#include "server/run/sealed.h"
#include "store/lookups.h"
#include "store/rows.h"

namespace allauth::server {
namespace {

constexpr std::string_view kIssuer = "native";
constexpr std::string_view kActor = "keys";

Stamp system_stamp(const store::Tx& tx) {
  const std::string who(kActor);
  return {.created_at = tx.now(),
          .created_by = who,
          .updated_at = tx.now(),
          .updated_by = who,
          .revision = tx.revision()};
}

store::Act system_act(std::string_view slug) {
  return {.slug = std::string(slug), .actor_kind = "system", .actor_id = std::string(kActor)};
}

template <class Row>
Result<store::Done> insert_stamped(store::Tx& tx, Row row, std::string_view slug) {
  row.stamp = system_stamp(tx);
  TRY(store::insert(tx, row));
  tx.act(system_act(slug));
  return store::Done{};
}

Result<Secret> make_key_setting(store::Store& store, const crypto::MasterKeys& master, std::string_view name,
                                Entropy& entropy) {
  std::array<std::uint8_t, 32> bytes;
  entropy.fill(bytes);
  Secret key{std::string(codec::as_text(bytes))};
  wipe_memory(bytes.data(), bytes.size());
  Setting setting{.name = std::string(name),
                  .value = {crypto::seal(master, setting_place(name), key, entropy)}};
  TRY(store.write(
      store::Write<store::Done>{.recheck = {}, .run = [setting = std::move(setting), name](store::Tx& tx) {
                                  return insert_stamped(tx, setting, fmt::format("keys.{}_created", name));
                                }}));
  return key;
}

// Another node that starts at the same time may make it first.
Result<Secret> open_key_setting(store::Store& store, const crypto::MasterKeys& master, std::string_view name,
                                Entropy& entropy) {
  const auto find = [name](store::Read& read) { return store::find<Setting>(read, name); };
  TRY(auto stored, store.read(find));
  if (!stored) {
    auto made = make_key_setting(store, master, name, entropy);
    if (made || made.error().reason != Reason("row.exists")) return made;
    TRY(stored, store.read(find));
  }
  return crypto::open(master, setting_place(name), stored->value.bytes);
}

Result<std::vector<StoredKey>> find_signing_keys(store::Read& read) {  // newest first
  return store::select<StoredKey>(read, store::lookup::kSigningKeysOfIssuer, kIssuer);
}

// Nodes that trust different keys would refuse each other's tokens, so there is a first one only once.
Result<void> make_first_signing_key(store::Store& store, const crypto::MasterKeys& master, Entropy& entropy,
                                    crypto::Algorithm algorithm) {
  TRY(const auto key, crypto::SigningKey::generate(algorithm));
  const StoredKey row{.kid = key.kid(),
                      .issuer = std::string(kIssuer),
                      .algorithm = std::string(crypto::jose_name(algorithm)),
                      .sealed = {crypto::seal(master, signing_key_place(key.kid()), key.to_pem(), entropy)}};
  TRY(store.write(store::Write<store::Done>{
      .recheck = {}, .run = [row](store::Tx& tx) -> Result<store::Done> {
        TRY(const auto others, find_signing_keys(tx));
        if (!others.empty()) return fail(Code::conflict, "row.exists", "There is a signing key already.");
        return insert_stamped(tx, row, "keys.signing_key_created");
      }}));
  return {};
}

// Another node that starts at the same time may make the first one.
Result<std::vector<crypto::SigningKey>> open_signing_keys(store::Store& store,
                                                          const crypto::MasterKeys& master, Entropy& entropy,
                                                          crypto::Algorithm algorithm) {
  TRY(auto stored, store.read(find_signing_keys));
  if (stored.empty()) {
    const auto made = make_first_signing_key(store, master, entropy, algorithm);
    if (!made && made.error().reason != Reason("row.exists")) return fail(made.error());
    TRY(stored, store.read(find_signing_keys));
  }
  std::vector<crypto::SigningKey> keys;
  for (const auto& row : stored) {
    TRY(const auto pem, crypto::open(master, signing_key_place(row.kid), row.sealed.bytes));
    TRY(auto key, crypto::SigningKey::from_pem(pem));
    keys.push_back(std::move(key));
  }
  return keys;
}

// Whether anything in the database is sealed under a master key.
Result<bool> has_sealed(store::Store& store) {
  return store.read([](store::Read& read) -> Result<bool> {
    TRY(const auto digest_key, store::find<Setting>(read, kDigestKey));
    TRY(const auto signing_keys, find_signing_keys(read));
    return digest_key || !signing_keys.empty();
  });
}

std::unexpected<Error> master_lost(const std::string& file, const SealedCounts& counts) {
  std::string ids;
  for (const auto& [id, count] : counts) ids += (ids.empty() ? "" : ", ") + crypto::to_string(id);
  return fail(
      Code::unavailable, "keys.master_lost",
      fmt::format("The database holds secrets sealed under master key {}, and {} is not there. Restore "
                  "the file from your backup; without it, signing keys and client keys are lost.",
                  ids, file));
}

Result<crypto::MasterKeys> open_master_keys(const std::string& file, store::Store& store, Entropy& entropy) {
  auto master = crypto::load_master_keys(file);
  if (master || master.error().code != Code::not_found) return master;
  TRY(const bool needed, has_sealed(store));
  if (needed) {
    // Another node that starts at the same time may have just made it.
    master = crypto::load_master_keys(file);
    if (master || master.error().code != Code::not_found) return master;
    TRY(const auto counts, store.read([](store::Read& read) { return count_sealed(read); }));
    return master_lost(file, counts);
  }
  auto created = crypto::create_master_keys(file, entropy);
  if (created || created.error().reason != Reason("seal.key.exists")) return created;
  return crypto::load_master_keys(file);  // of another node that starts at the same time
}

}  // namespace

Result<Keys> open_keys(const std::string& master_key_file, store::Store& store, Entropy& entropy,
                       crypto::Algorithm algorithm) {
  TRY(const auto master, open_master_keys(master_key_file, store, entropy));
  TRY(Secret digest_key, open_key_setting(store, master, kDigestKey, entropy));
  TRY(const Secret token_key, open_key_setting(store, master, kTokenKey, entropy));
  TRY(const auto keys, open_signing_keys(store, master, entropy, algorithm));
  std::vector<crypto::VerifyKey> trusted;
  for (const auto& key : keys) trusted.push_back(key.public_key());
  TRY(auto set, crypto::KeySet::make(std::move(trusted)));
  return Keys{std::move(digest_key),
              token_key.with([](std::string_view key) { return app::TokenDigests(key); }), keys.front(),
              std::move(set)};
}

}  // namespace allauth::server
