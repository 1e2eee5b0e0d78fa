#include <vector>

#include "store/migrations/list.h"

namespace allauth::store {

// Instead of that of src/store/migrations/list.cc: one step that older programs cannot live with.
std::span<const Migration> migrations() {
  static const std::vector<Migration> all = [] {
    const auto ours = released_migrations();
    std::vector<Migration> made(ours.begin(), ours.end());
    const int version = static_cast<int>(made.size()) + 1;
    made.push_back({version, version, "DROP INDEX connections_domain;", Phase::contract});
    return made;
  }();
  return all;
}

}  // namespace allauth::store
