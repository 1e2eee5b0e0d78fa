// The roles that grant something on one thing.
#include "store/migrations/list.h"

namespace allauth::store {

constinit const Migration kGrantsOnThings{.version = 11, .min_compatible = 10, .text = R"(
CREATE INDEX role_grants_things ON role_grants (kind, object_id) WHERE object_id <> '';
)"};

}  // namespace allauth::store
