// Groups, the group of a client and of a channel, and memberships that expire. A program without it
// would write clients and channels whose images lack their group, so it must not run beside this.
#include "store/migrations/list.h"

namespace allauth::store {

constinit const Migration kGroups{.version = 3, .min_compatible = 3, .text = R"(
CREATE TABLE groups (
  id {{text}} NOT NULL PRIMARY KEY,
  domain_id {{text}} NOT NULL REFERENCES domains (id),
  name {{text}} NOT NULL,
  parent_id {{text}} NOT NULL,
  tags {{text}} NOT NULL,
  metadata {{text}} NOT NULL,
  status {{int}} NOT NULL,
  description {{text}} NOT NULL,
  owner_id {{text}} NOT NULL,
  created_at {{int}} NOT NULL,
  created_by {{text}} NOT NULL,
  updated_at {{int}} NOT NULL,
  updated_by {{text}} NOT NULL,
  revision {{int}} NOT NULL
) {{table}};
CREATE UNIQUE INDEX groups_domain ON groups (domain_id, id);
CREATE UNIQUE INDEX groups_name ON groups (domain_id, parent_id, name);
CREATE UNIQUE INDEX groups_parent ON groups (domain_id, parent_id, id);

ALTER TABLE clients ADD COLUMN group_id {{text}} NOT NULL DEFAULT '';
CREATE UNIQUE INDEX clients_group ON clients (group_id, id) WHERE group_id <> '';
ALTER TABLE channels ADD COLUMN group_id {{text}} NOT NULL DEFAULT '';
CREATE UNIQUE INDEX channels_group ON channels (group_id, id) WHERE group_id <> '';

CREATE INDEX role_members_expiry ON role_members (expires_at) WHERE expires_at IS NOT NULL;
)"};

}  // namespace allauth::store
