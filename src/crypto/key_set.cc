#include "crypto/key_set.h"

#include <algorithm>

namespace allauth::crypto {

KeySet::KeySet(std::vector<VerifyKey> keys)
    : keys_(std::make_shared<const std::vector<VerifyKey>>(std::move(keys))) {}

Result<KeySet> KeySet::make(std::vector<VerifyKey> keys) {
  for (std::size_t i = 0; i < keys.size(); ++i) {
    for (std::size_t j = i + 1; j < keys.size(); ++j) {
      if (keys[i].kid() == keys[j].kid())
        return fail(Code::invalid, "keys.duplicate", "Two keys have the same id.", "keys", keys[i].kid());
    }
  }
  return KeySet(std::move(keys));
}

const VerifyKey* KeySet::find(std::string_view kid) const {
  const auto it = std::ranges::find_if(*keys_, [&](const VerifyKey& key) { return key.kid() == kid; });
  return it == keys_->end() ? nullptr : &*it;
}

std::string jwks_json(const KeySet& set) {
  std::string out = R"({"keys":[)";
  for (const VerifyKey& key : set.keys()) {
    if (out.back() == '}') out += ',';
    out += key.jwk();
  }
  return out + "]}";
}

}  // namespace allauth::crypto
