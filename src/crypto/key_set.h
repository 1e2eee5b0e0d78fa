// The public keys that an issuer's tokens may be signed with: the current one and those before it.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "crypto/key.h"

namespace allauth::crypto {

// Immutable, cheap to copy, thread-safe.
class KeySet {
 public:
  KeySet() = default;  // trusts nobody
  // Two keys of one id are refused: keys.duplicate (invalid).
  static Result<KeySet> make(std::vector<VerifyKey> keys);

  // Null if there is none. Lives as long as any copy of this set.
  const VerifyKey* find(std::string_view kid) const;
  const std::vector<VerifyKey>& keys() const { return *keys_; }

 private:
  explicit KeySet(std::vector<VerifyKey> keys);
  std::shared_ptr<const std::vector<VerifyKey>> keys_ = std::make_shared<const std::vector<VerifyKey>>();
};

// A JWK set (RFC 7517 §5) in the order of the keys.
std::string jwks_json(const KeySet&);

}  // namespace allauth::crypto
