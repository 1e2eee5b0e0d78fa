// How much each domain holds, and quotas of its own. A program that does not count would make the counts
// wrong, so it must not run beside this.
#include "store/migrations/list.h"

namespace allauth::store {

constinit const Migration kUsage{.version = 5, .min_compatible = 5, .text = R"(
ALTER TABLE domains ADD COLUMN quota_members {{int}};
ALTER TABLE domains ADD COLUMN quota_clients {{int}};
ALTER TABLE domains ADD COLUMN quota_channels {{int}};
ALTER TABLE domains ADD COLUMN quota_groups {{int}};
ALTER TABLE domains ADD COLUMN quota_roles {{int}};
ALTER TABLE domains ADD COLUMN quota_connections {{int}};
ALTER TABLE domains ADD COLUMN quota_client_keys {{int}};
CREATE INDEX domains_creator ON domains (created_by);

CREATE TABLE domain_usage (
  domain_id {{text}} NOT NULL PRIMARY KEY,
  members {{int}} NOT NULL,
  clients {{int}} NOT NULL,
  channels {{int}} NOT NULL,
  groups {{int}} NOT NULL,
  roles {{int}} NOT NULL,
  connections {{int}} NOT NULL,
  client_keys {{int}} NOT NULL
) {{table}};
INSERT INTO domain_usage (domain_id, members, clients, channels, groups, roles, connections, client_keys)
SELECT d.id,
  (SELECT count(DISTINCT m.subject_id) FROM role_members m
    WHERE m.scope_kind = 'domain' AND m.scope_id = d.id AND m.subject_kind = 'user'),
  (SELECT count(*) FROM clients c WHERE c.domain_id = d.id),
  (SELECT count(*) FROM channels c WHERE c.domain_id = d.id),
  (SELECT count(*) FROM groups g WHERE g.domain_id = d.id),
  (SELECT count(*) FROM roles r WHERE r.scope_kind = 'domain' AND r.scope_id = d.id)
    + (SELECT count(*) FROM clients c JOIN roles r ON r.scope_kind = 'client' AND r.scope_id = c.id
       WHERE c.domain_id = d.id)
    + (SELECT count(*) FROM channels c JOIN roles r ON r.scope_kind = 'channel' AND r.scope_id = c.id
       WHERE c.domain_id = d.id)
    + (SELECT count(*) FROM groups g JOIN roles r ON r.scope_kind = 'group' AND r.scope_id = g.id
       WHERE g.domain_id = d.id),
  (SELECT count(*) FROM clients c JOIN connections x ON x.client_id = c.id WHERE c.domain_id = d.id),
  (SELECT count(*) FROM clients c JOIN credentials k ON k.owner_kind = 'client' AND k.owner_id = c.id
    WHERE c.domain_id = d.id)
FROM domains d;
)"};

}  // namespace allauth::store
