#include "app/identity/deny_list.h"

#include <algorithm>
#include <cstring>

#include "codec/opaque_string.h"

namespace allauth::app {

std::uint64_t DenyList::hash_of(std::string_view folded) const {
  const auto hash = crypto::short_hash(key_, folded);
  std::uint64_t first = 0;
  std::memcpy(&first, hash.data(), sizeof first);
  return first;
}

void DenyList::add(std::string_view password) {
  if (const auto text = codec::folded(password)) hashes_.push_back(hash_of(*text));
}

void DenyList::seal() {
  std::ranges::sort(hashes_);
  const auto twins = std::ranges::unique(hashes_);
  hashes_.erase(twins.begin(), twins.end());
  hashes_.shrink_to_fit();
}

bool DenyList::contains(std::string_view password) const {
  const auto text = codec::folded(password);
  return text && std::ranges::binary_search(hashes_, hash_of(*text));
}

}  // namespace allauth::app
