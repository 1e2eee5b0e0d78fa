// Groups that are connected to channels. A program without it would not know the rights that come from them,
// nor count them, so it must not run beside this.
#include "store/migrations/list.h"

namespace allauth::store {

constinit const Migration kGroupConnections{.version = 7, .min_compatible = 7, .text = R"(
CREATE TABLE group_connections (
  group_id {{text}} NOT NULL REFERENCES groups (id),
  channel_id {{text}} NOT NULL REFERENCES channels (id),
  domain_id {{text}} NOT NULL REFERENCES domains (id),
  publish {{int}} NOT NULL,
  subscribe {{int}} NOT NULL,
  created_at {{int}} NOT NULL,
  created_by {{text}} NOT NULL,
  updated_at {{int}} NOT NULL,
  updated_by {{text}} NOT NULL,
  revision {{int}} NOT NULL,
  PRIMARY KEY (group_id, channel_id)
) {{clustered}};
CREATE INDEX group_connections_channel ON group_connections (channel_id, group_id);
CREATE INDEX group_connections_domain ON group_connections (domain_id, group_id, channel_id);
)"};

}  // namespace allauth::store
