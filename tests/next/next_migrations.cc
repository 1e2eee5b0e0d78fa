#include "store/testing/next_version.h"

namespace allauth::store {

// Instead of that of src/store/migrations/list.cc.
std::span<const Migration> migrations() { return testing::next_migrations(released_migrations()); }

}  // namespace allauth::store
