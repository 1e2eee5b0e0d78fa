#include "server/run/sealed.h"

#include <utility>
#include <vector>

#include "model/access.h"
#include "store/rows.h"

namespace allauth::server {
namespace {

constexpr std::size_t kInOneWrite = 200;

// A row with a sealed value, as the database has it.
template <class Row>
struct Sealed;

template <>
struct Sealed<Setting> {
  static bool has(const Setting& setting) { return setting.name == kDigestKey || setting.name == kTokenKey; }
  static auto& value(auto& setting) { return setting.value.bytes; }
  static std::string key(const Setting& setting) { return setting.name; }
  static crypto::SealPlace place(const Setting& setting) { return setting_place(setting.name); }
};
template <>
struct Sealed<StoredKey> {
  static bool has(const StoredKey&) { return true; }
  static auto& value(auto& key) { return key.sealed.bytes; }
  static std::string key(const StoredKey& key) { return key.kid; }
  static crypto::SealPlace place(const StoredKey& key) { return signing_key_place(key.kid); }
};
template <>
struct Sealed<Credential> {
  static bool has(const Credential& credential) { return !credential.sealed.bytes.empty(); }
  static auto& value(auto& credential) { return credential.sealed.bytes; }
  static std::string key(const Credential& credential) { return credential.id.str(); }
  static crypto::SealPlace place(const Credential& credential) {
    return credential_place(credential.id.str());
  }
};

template <class Row>
Result<void> count_rows(store::Read& read, SealedCounts& counts) {
  return store::for_each<Row>(read, [&counts](const Row& row) -> Result<void> {
    if (!Sealed<Row>::has(row)) return {};
    const auto id = crypto::sealed_under(Sealed<Row>::value(row));
    if (!id)
      return fail(Code::unavailable, "seal.broken",
                  fmt::format("The value in {} {} should be sealed and is not; restore it from a backup.",
                              Row::kTable, Sealed<Row>::key(row)));
    ++counts[*id];
    return {};
  });
}

template <class Row>
struct Resealed {
  Row row;             // as it was read
  std::string sealed;  // the same secret under the current key
};
template <class Row>
using ResealedRows = std::vector<Resealed<Row>>;

// Of those that are sealed under another key than the current one.
template <class Row>
Result<ResealedRows<Row>> seal_again(std::vector<Row> rows, const crypto::MasterKeys& keys,
                                     Entropy& entropy) {
  ResealedRows<Row> again;
  for (auto& row : rows) {
    if (!Sealed<Row>::has(row)) continue;
    const auto& value = Sealed<Row>::value(row);
    if (crypto::sealed_under(value) == keys.current().id()) continue;
    const auto place = Sealed<Row>::place(row);
    TRY(const auto secret, crypto::open(keys, place, value));
    std::string sealed = crypto::seal(keys, place, secret, entropy);
    again.push_back({std::move(row), std::move(sealed)});
  }
  return again;
}

// A row that has changed since it was read keeps its value; the next run finds it.
template <class Row>
store::Write<std::size_t> store_again(ResealedRows<Row> rows) {
  return {.recheck = {}, .run = [rows = std::move(rows)](store::Tx& tx) -> Result<std::size_t> {
            std::size_t done = 0;
            for (const auto& [before, sealed] : rows) {
              TRY(auto now, store::find<Row>(tx, Sealed<Row>::key(before)));
              if (!now || Sealed<Row>::value(*now) != Sealed<Row>::value(before)) continue;
              Sealed<Row>::value(*now) = sealed;
              TRY(store::update(tx, *now));
              ++done;
            }
            tx.act({.slug = "keys.resealed", .actor_kind = "system", .actor_id = "keys"});
            return done;
          }};
}

// Erases those that are still sealed under the key.
template <class Row>
store::Write<std::size_t> erase_all(std::vector<Row> rows, const crypto::MasterKey::Id& lost) {
  return {.recheck = {}, .run = [rows = std::move(rows), lost](store::Tx& tx) -> Result<std::size_t> {
            std::size_t done = 0;
            for (const auto& before : rows) {
              TRY(const auto now, store::find<Row>(tx, Sealed<Row>::key(before)));
              if (!now || crypto::sealed_under(Sealed<Row>::value(*now)) != lost) continue;
              TRY(store::erase(tx, *now));
              ++done;
            }
            tx.act({.slug = "keys.abandoned", .actor_kind = "system", .actor_id = "keys"});
            return done;
          }};
}

using Progress = std::function<void(std::size_t done)>;

// `work` does what is to be done with a few hundred rows, and answers with how many it did it.
template <class Row>
Result<void> page_by_page(store::Store& store, std::size_t& done, const Progress& progress,
                          const std::function<Result<std::size_t>(std::vector<Row>)>& work) {
  std::string last;
  while (true) {
    TRY(auto page, store.read([&last](store::Read& read) {
      return store::select<Row>(read, store::shape_of<Row>().page, last, kInOneWrite);
    }));
    if (page.empty()) return {};
    last = Sealed<Row>::key(page.back());
    TRY(const auto changed, work(std::move(page)));
    if (changed > 0) progress(done += changed);
  }
}

template <class Row>
Result<void> reseal_rows(store::Store& store, const crypto::MasterKeys& keys, Entropy& entropy,
                         std::size_t& done, const Progress& progress) {
  return page_by_page<Row>(store, done, progress, [&](std::vector<Row> page) -> Result<std::size_t> {
    TRY(auto again, seal_again(std::move(page), keys, entropy));
    if (again.empty()) return 0;
    TRY(const auto stored, store.write(store_again<Row>(std::move(again))));
    return stored.value;
  });
}

template <class Row>
Result<void> abandon_rows(store::Store& store, const crypto::MasterKey::Id& lost, std::size_t& done,
                          const Progress& progress) {
  return page_by_page<Row>(store, done, progress, [&](std::vector<Row> page) -> Result<std::size_t> {
    std::erase_if(page, [&lost](const Row& row) {
      return !Sealed<Row>::has(row) || crypto::sealed_under(Sealed<Row>::value(row)) != lost;
    });
    if (page.empty()) return 0;
    TRY(const auto erased, store.write(erase_all<Row>(std::move(page), lost)));
    return erased.value;
  });
}

}  // namespace

crypto::SealPlace setting_place(std::string_view name) { return {Setting::kTable, name, "value"}; }
crypto::SealPlace signing_key_place(std::string_view kid) { return {StoredKey::kTable, kid, "sealed"}; }
crypto::SealPlace credential_place(std::string_view id) { return {Credential::kTable, id, "sealed"}; }

Result<SealedCounts> count_sealed(store::Read& read) {
  SealedCounts counts;
  TRY(count_rows<Setting>(read, counts));
  TRY(count_rows<StoredKey>(read, counts));
  TRY(count_rows<Credential>(read, counts));
  return counts;
}

Result<std::size_t> reseal(store::Store& store, const crypto::MasterKeys& keys, Entropy& entropy,
                           const std::function<void(std::size_t done)>& progress) {
  std::size_t done = 0;
  TRY(reseal_rows<Setting>(store, keys, entropy, done, progress));
  TRY(reseal_rows<StoredKey>(store, keys, entropy, done, progress));
  TRY(reseal_rows<Credential>(store, keys, entropy, done, progress));
  return done;
}

Result<std::size_t> abandon(store::Store& store, const crypto::MasterKey::Id& lost,
                            const std::function<void(std::size_t done)>& progress) {
  std::size_t done = 0;
  TRY(abandon_rows<Setting>(store, lost, done, progress));
  TRY(abandon_rows<StoredKey>(store, lost, done, progress));
  TRY(abandon_rows<Credential>(store, lost, done, progress));
  return done;
}

}  // namespace allauth::server
