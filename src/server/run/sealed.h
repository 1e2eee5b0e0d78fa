// What is sealed under the master key in the database, sealing it under another one, and giving it up.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "crypto/master_key.h"
#include "crypto/seal.h"
#include "store/store.h"

namespace allauth::server {

// The settings that are sealed.
inline constexpr std::string_view kDigestKey = "digest_key";
inline constexpr std::string_view kTokenKey = "token_key";

// Where each sealed value is bound to. They borrow.
crypto::SealPlace setting_place(std::string_view name);
crypto::SealPlace signing_key_place(std::string_view kid);
crypto::SealPlace credential_place(std::string_view id);

// How many values are sealed under each key. Error: seal.broken for one that is no sealed value.
using SealedCounts = std::map<crypto::MasterKey::Id, std::size_t>;
Result<SealedCounts> count_sealed(store::Read& read);

// Seals all that is under another key under the current one, a few hundred values in one write. What was
// done stays done if it is interrupted. Answers how many. Errors: those of crypto::open and of writes.
Result<std::size_t> reseal(store::Store& store, const crypto::MasterKeys& keys, Entropy& entropy,
                           const std::function<void(std::size_t done)>& progress);

// Erases all that is sealed under a key that is lost for good, in the same way. No server may run on the
// database: it would go on with the keys that it has in memory.
Result<std::size_t> abandon(store::Store& store, const crypto::MasterKey::Id& lost,
                            const std::function<void(std::size_t done)>& progress);

}  // namespace allauth::server
