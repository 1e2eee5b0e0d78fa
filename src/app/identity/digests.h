// Keyed digests: what secrets become before they are stored or looked up. Each use has a label of its
// own, so a digest made for one can never match in another; and there are two keys, so that a node which
// has to recognise client keys cannot make tokens.
#pragma once

#include <string_view>

#include "base/secret.h"
#include "crypto/hash.h"

namespace allauth::app {

// Of the secrets that clients and users show, under the installation's digest key, which every node has.
// Immutable, thread-safe, cheap to copy.
class KeyDigests {
 public:
  // `key`: 32 random bytes.
  explicit KeyDigests(std::string_view key) : key_(key) {}

  // A client's key; unique per client, so that two clients may be given the same one.
  crypto::Digest client_key(std::string_view client_id, const Secret& key) const;
  // What a user shows in place of a login.
  crypto::Digest personal_token(const Secret& token) const;
  crypto::Digest user_key(const Secret& key) const;

 private:
  crypto::HmacKey key_;
};

// Of the tokens that the installation makes, under its token key, which only nodes with a database have.
// Immutable, thread-safe, cheap to copy.
class TokenDigests {
 public:
  // `key`: 32 random bytes.
  explicit TokenDigests(std::string_view key) : key_(key) {}

  // The n-th refresh token of a session.
  crypto::Digest refresh_token(std::string_view session_id, std::int64_t generation) const;
  // The one-time token of the first start.
  crypto::Digest setup_token(const Secret& token) const;
  // What a node without a database shows.
  crypto::Digest node_token(const Secret& token) const;

 private:
  crypto::HmacKey key_;
};

}  // namespace allauth::app
