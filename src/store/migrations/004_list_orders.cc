// The orders that lists are offered in (store/lists.h): each is an index of what the list is of, the column
// and the key, so that a page costs the same wherever it begins.
#include "store/migrations/list.h"

namespace allauth::store {

constinit const Migration kListOrders{.version = 4, .min_compatible = 3, .text = R"(
CREATE INDEX users_by_name ON users (name, id);
CREATE INDEX users_by_email ON users (email, id);
CREATE INDEX users_by_username ON users (username, id);
CREATE INDEX users_by_created_at ON users (created_at, id);
CREATE INDEX users_by_updated_at ON users (updated_at, id);

CREATE INDEX domains_by_name ON domains (name, id);
CREATE INDEX domains_by_created_at ON domains (created_at, id);
CREATE INDEX domains_by_updated_at ON domains (updated_at, id);

CREATE INDEX clients_by_name ON clients (domain_id, name, id);
CREATE INDEX clients_by_created_at ON clients (domain_id, created_at, id);
CREATE INDEX clients_by_updated_at ON clients (domain_id, updated_at, id);
CREATE INDEX clients_of_group_by_name ON clients (group_id, name, id) WHERE group_id <> '';

CREATE INDEX channels_by_name ON channels (domain_id, name, id);
CREATE INDEX channels_by_created_at ON channels (domain_id, created_at, id);
CREATE INDEX channels_by_updated_at ON channels (domain_id, updated_at, id);
CREATE INDEX channels_of_group_by_name ON channels (group_id, name, id) WHERE group_id <> '';

CREATE INDEX groups_by_name ON groups (domain_id, name, id);
CREATE INDEX groups_by_created_at ON groups (domain_id, created_at, id);
CREATE INDEX groups_by_updated_at ON groups (domain_id, updated_at, id);
)"};

}  // namespace allauth::store
