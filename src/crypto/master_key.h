// The 32-byte key that seals all other secrets at rest, and its file. Losing it loses what it sealed.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>

#include "base/clock.h"
#include "base/error.h"
#include "base/secret.h"

namespace allauth::crypto {

// Immutable, shared when copied, wiped when the last copy goes. Thread-safe.
class MasterKey {
 public:
  static constexpr std::size_t kSize = 32;
  using KeyId = std::array<std::uint8_t, 4>;

  // 32 raw bytes, or 64 hex digits with at most one line feed after them. Error: seal.key.invalid.
  static Result<MasterKey> parse(const Secret& text);

  // Reads such a file. Errors: seal.key.missing (not_found), seal.key.permissions (group or others
  // may read or write it), seal.key.invalid, seal.key.unreadable.
  static Result<MasterKey> load(const std::string& path);

  // Makes a key and a file (64 hex digits, mode 0600) that appears complete or not at all and is
  // on disk when this returns. Never overwrites: seal.key.exists (conflict). Error: seal.key.unwritable.
  static Result<MasterKey> create(const std::string& path, Entropy&);

  // Names the key in sealed values without telling anything about it.
  const KeyId& id() const;
  // The kSize key bytes; they live as long as this object.
  const std::uint8_t* bytes() const;

 private:
  struct Impl;
  explicit MasterKey(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}
  std::shared_ptr<const Impl> impl_;
};

}  // namespace allauth::crypto
