// The 32-byte keys that seal all other secrets at rest. Losing one loses what it sealed.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/secret.h"

namespace allauth::crypto {

// Immutable, shared when copied, wiped when the last copy goes. Thread-safe.
class MasterKey {
 public:
  static constexpr std::size_t kSize = 32;
  using Id = std::array<std::uint8_t, 4>;

  // 32 raw bytes, or 64 hex digits with at most one line feed after them. Error: seal.key.invalid.
  static Result<MasterKey> parse(const Secret& text);
  static MasterKey generate(Entropy&);

  // Names the key in sealed values and in messages without telling anything about it.
  const Id& id() const;
  // The kSize key bytes; they live as long as this object.
  const std::uint8_t* bytes() const;

 private:
  struct Impl;
  explicit MasterKey(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}
  static MasterKey make(std::span<const std::uint8_t, kSize> bytes);
  std::shared_ptr<const Impl> impl_;
};

// Eight hex digits.
std::string to_string(const MasterKey::Id&);
// Error: invalid seal.key.id.
Result<MasterKey::Id> parse_master_key_id(std::string_view text);

// The keys of an installation: the current one seals, all open. Immutable, thread-safe.
class MasterKeys {
 public:
  static constexpr std::size_t kMost = 8;

  explicit MasterKeys(MasterKey only) : keys_{std::move(only)} {}
  // What a file holds: one key as above, or a line for each of up to kMost keys, the current one first:
  // 64 hex digits and, after a blank, the key's id, which tells a damaged line. Error: seal.key.invalid.
  static Result<MasterKeys> parse(const Secret& text);
  // Lines with ids.
  Secret text() const;

  const MasterKey& current() const { return keys_.front(); }
  std::span<const MasterKey> all() const { return keys_; }
  const MasterKey* find(const MasterKey::Id&) const;

  // Errors: conflict seal.key.exists, seal.key.too_many, seal.key.current; not_found seal.key.unknown.
  Result<MasterKeys> with(MasterKey added) const;               // behind the others
  Result<MasterKeys> with_current(const MasterKey::Id&) const;  // that one first
  Result<MasterKeys> without(const MasterKey::Id&) const;       // never the current one

 private:
  explicit MasterKeys(std::vector<MasterKey> keys) : keys_(std::move(keys)) {}
  std::vector<MasterKey> keys_;  // never empty
};

}  // namespace allauth::crypto
