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
Result<void> insert_row(store::Store& store, Row row, std::string_view slug) {
  TRY(store.write(store::Write<store::Done>{
      .recheck = {}, .run = [row = std::move(row), slug](store::Tx& tx) -> Result<store::Done> {
        Row stamped = row;
        stamped.stamp = system_stamp(tx);
        TRY(store::insert(tx, stamped));
        tx.act(system_act(slug));
        return store::Done{};
      }}));
  return {};
}

Result<Secret> make_digest_key(store::Store& store, const crypto::MasterKeys& master, Entropy& entropy) {
  std::array<std::uint8_t, 32> bytes;
  entropy.fill(bytes);
  Secret key{std::string(codec::as_text(bytes))};
  wipe_memory(bytes.data(), bytes.size());
  Setting setting{.name = std::string(kDigestKey),
                  .value = {crypto::seal(master, digest_key_place(), key, entropy)}};
  TRY(insert_row(store, std::move(setting), "keys.digest_key_created"));
  return key;
}

Result<crypto::SigningKey> make_signing_key(store::Store& store, const crypto::MasterKeys& master,
                                            Entropy& entropy) {
  TRY(auto key, crypto::SigningKey::generate());
  StoredKey row{.kid = key.kid(),
                .issuer = std::string(kIssuer),
                .algorithm = std::string(crypto::VerifyKey::kAlgorithm),
                .sealed = {crypto::seal(master, signing_key_place(key.kid()), key.to_pem(), entropy)}};
  TRY(insert_row(store, std::move(row), "keys.signing_key_created"));
  return key;
}

struct Stored {
  std::optional<Setting> digest_key;
  std::vector<StoredKey> signing_keys;  // newest first
};

Result<Stored> read_stored(store::Store& store) {
  return store.read([](store::Read& read) -> Result<Stored> {
    Stored stored;
    TRY(stored.digest_key, store::find<Setting>(read, kDigestKey));
    TRY(stored.signing_keys, store::select<StoredKey>(read, store::lookup::kSigningKeysOfIssuer, kIssuer));
    return stored;
  });
}

Result<crypto::MasterKeys> open_master_keys(const std::string& file, bool needed, Entropy& entropy) {
  auto master = crypto::load_master_keys(file);
  if (master || master.error().code != Code::not_found) return master;
  if (needed)
    return fail(
        Code::unavailable, "keys.master_lost",
        fmt::format("The database holds secrets sealed under a master key, and {} is not there. Restore the "
                    "file from your backup; without it, signing keys and client keys are lost.",
                    file));
  return crypto::create_master_keys(file, entropy);
}

}  // namespace

Result<Keys> open_keys(const std::string& master_key_file, store::Store& store, Entropy& entropy) {
  TRY(const auto stored, read_stored(store));
  const bool sealed = stored.digest_key.has_value() || !stored.signing_keys.empty();
  TRY(const auto master, open_master_keys(master_key_file, sealed, entropy));
  TRY(const Secret digest_key, stored.digest_key
                                   ? crypto::open(master, digest_key_place(), stored.digest_key->value.bytes)
                                   : make_digest_key(store, master, entropy));
  std::vector<crypto::SigningKey> keys;
  for (const auto& row : stored.signing_keys) {
    TRY(const auto pem, crypto::open(master, signing_key_place(row.kid), row.sealed.bytes));
    TRY(auto key, crypto::SigningKey::from_pem(pem));
    keys.push_back(std::move(key));
  }
  if (keys.empty()) {
    TRY(auto key, make_signing_key(store, master, entropy));
    keys.push_back(std::move(key));
  }
  std::vector<crypto::VerifyKey> trusted;
  for (const auto& key : keys) trusted.push_back(key.public_key());
  TRY(auto set, crypto::KeySet::make(std::move(trusted)));
  return Keys{digest_key.with([](std::string_view key) { return app::Digests(key); }), keys.front(),
              std::move(set)};
}

}  // namespace allauth::server
