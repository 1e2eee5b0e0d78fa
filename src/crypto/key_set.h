// The keys that an issuer's tokens may be signed with: the current one and those before it.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "crypto/key.h"
#include "crypto/shared_key.h"

namespace allauth::crypto {

// Immutable, cheap to copy, thread-safe. Shared keys are kept apart: keys() is what may be shown to others.
class KeySet {
 public:
  KeySet() = default;  // trusts nobody
  // Two keys of one id are refused, whatever their kinds: keys.duplicate (invalid).
  static Result<KeySet> make(std::vector<VerifyKey> keys, std::vector<SharedKey> shared = {});

  // Null if there is none. Lives as long as any copy of this set.
  const VerifyKey* find(std::string_view kid) const;
  const SharedKey* find_shared(std::string_view kid) const;
  const std::vector<VerifyKey>& keys() const { return held_->keys; }

 private:
  struct Held {
    std::vector<VerifyKey> keys;
    std::vector<SharedKey> shared;
  };
  explicit KeySet(Held held) : held_(std::make_shared<const Held>(std::move(held))) {}
  std::shared_ptr<const Held> held_ = std::make_shared<const Held>();
};

// A JWK set (RFC 7517 §5) of the public keys, in their order.
std::string jwks_json(const KeySet&);

inline constexpr std::size_t kMaxJwksBytes = 64 * 1024;
inline constexpr std::size_t kMaxJwksKeys = 64;

// The keys of somebody else's JWK set that we can use, in its order. Those of another kind or use are left
// out, as RFC 7517 §5 wants; so are private and shared ones, which nobody should publish.
// Errors (invalid): keys.malformed (not a JWK set, or longer than kMaxJwksBytes), keys.many (more than
// kMaxJwksKeys).
Result<std::vector<VerifyKey>> parse_jwks(std::string_view json);

}  // namespace allauth::crypto
