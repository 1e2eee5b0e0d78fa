// The domains of a user, in the order of their ids.
#include "store/migrations/list.h"

namespace allauth::store {

constinit const Migration kDomainsOfUser{.version = 8, .min_compatible = 7, .text = R"(
CREATE INDEX role_members_scopes ON role_members (subject_kind, subject_id, scope_kind, scope_id);
)"};

}  // namespace allauth::store
