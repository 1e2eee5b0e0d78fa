#include "crypto/key_set.h"

#include <algorithm>
#include <unordered_set>

#include "codec/json/read.h"
#include "codec/json/write.h"

namespace allauth::crypto {
namespace {

template <class Key>
const Key* find_in(const std::vector<Key>& keys, std::string_view kid) {
  const auto it = std::ranges::find_if(keys, [&](const Key& key) { return key.kid() == kid; });
  return it == keys.end() ? nullptr : &*it;
}

const json::Array* keys_of(const json::Value& document) {
  const auto* object = document.get<json::Object>();
  if (object == nullptr) return nullptr;
  const auto member = std::ranges::find(*object, "keys", &json::Member::name);
  return member == object->end() ? nullptr : member->value.get<json::Array>();
}

}  // namespace

Result<KeySet> KeySet::make(std::vector<VerifyKey> keys, std::vector<SharedKey> shared) {
  std::unordered_set<std::string_view> seen;
  const auto once = [&](const auto& key) { return seen.insert(key.kid()).second; };
  if (!std::ranges::all_of(keys, once) || !std::ranges::all_of(shared, once))
    return fail(Code::invalid, "keys.duplicate", "Two keys have the same id.", "keys");
  return KeySet(Held{std::move(keys), std::move(shared)});
}

const VerifyKey* KeySet::find(std::string_view kid) const { return find_in(held_->keys, kid); }
const SharedKey* KeySet::find_shared(std::string_view kid) const { return find_in(held_->shared, kid); }

std::string jwks_json(const KeySet& set) {
  std::string out = R"({"keys":[)";
  for (const VerifyKey& key : set.keys()) {
    if (out.back() == '}') out += ',';
    out += key.jwk();
  }
  return out + "]}";
}

Result<std::vector<VerifyKey>> parse_jwks(std::string_view text) {
  const auto document = json::read(text, {.bytes = kMaxJwksBytes, .depth = 8});
  const auto* list = document ? keys_of(*document) : nullptr;
  if (list == nullptr) return fail(Code::invalid, "keys.malformed", "This is not a JWK set.", "keys");
  if (list->size() > kMaxJwksKeys)
    return fail(Code::invalid, "keys.many", "A JWK set has at most 64 keys here.", "keys");
  std::vector<VerifyKey> keys;
  for (const auto& item : *list)
    if (auto key = VerifyKey::from_jwk(json::write(item, {}))) keys.push_back(std::move(*key));
  return keys;
}

}  // namespace allauth::crypto
