// Passwords that nobody may choose, from a list of the operator's: those that were found in other places'
// breaches, say. Only eight bytes of a keyed hash of each are kept, so ten million take 80 MB.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "crypto/short_hash.h"

namespace allauth::app {

// Compares without regard to case and way of writing. Thread-safe once sealed.
class DenyList {
 public:
  // Of one line. Nothing is kept of a line that is no text (codec::folded).
  void add(std::string_view password);
  // To be called once, after the last add().
  void seal();

  bool contains(std::string_view password) const;
  std::size_t size() const { return hashes_.size(); }

 private:
  std::uint64_t hash_of(std::string_view folded) const;

  const crypto::ShortHashKey key_ = crypto::make_short_hash_key();
  std::vector<std::uint64_t> hashes_;  // sorted once sealed
};

}  // namespace allauth::app
