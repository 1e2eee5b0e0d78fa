// What lets a follower of the log notice that it is not the log it knew (tags), the end up to which the
// log was compacted, and who works on the database.
#include "store/migrations/list.h"

namespace allauth::store {

constinit const Migration kLogTags{.version = 2, .min_compatible = 1, .text = R"(
ALTER TABLE log_entries ADD COLUMN batch {{int}} NOT NULL DEFAULT 0;
ALTER TABLE log_head ADD COLUMN batch {{int}} NOT NULL DEFAULT 0;
ALTER TABLE log_head ADD COLUMN compacted {{int}} NOT NULL DEFAULT 0;
ALTER TABLE log_head ADD COLUMN compacted_batch {{int}} NOT NULL DEFAULT 0;

CREATE TABLE nodes (
  id {{text}} NOT NULL PRIMARY KEY,
  name {{text}} NOT NULL,
  version {{text}} NOT NULL,
  schema {{int}} NOT NULL,
  roles {{text}} NOT NULL,
  started_at {{int}} NOT NULL,
  seen_at {{int}} NOT NULL,
  revision {{int}} NOT NULL
) {{clustered}};
)"};

}  // namespace allauth::store
