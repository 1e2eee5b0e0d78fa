// What dialects keep of their own. Unknown to an older program, which would leave behind what belongs to the
// entities that it deletes.
#include "store/migrations/list.h"

namespace allauth::store {

constinit const Migration kExtensions{.version = 13, .min_compatible = 13, .text = R"(
CREATE TABLE annotations (
  entity_kind {{text}} NOT NULL,
  entity_id {{text}} NOT NULL,
  dialect {{text}} NOT NULL,
  document {{text}} NOT NULL,
  created_at {{int}} NOT NULL,
  created_by {{text}} NOT NULL,
  updated_at {{int}} NOT NULL,
  updated_by {{text}} NOT NULL,
  revision {{int}} NOT NULL,
  PRIMARY KEY (entity_kind, entity_id, dialect)
) {{clustered}};

CREATE TABLE extensions (
  dialect {{text}} NOT NULL,
  kind {{text}} NOT NULL,
  id {{text}} NOT NULL,
  domain_id {{text}} NOT NULL,
  parent_id {{text}} NOT NULL,
  name {{text}} NOT NULL,
  document {{text}} NOT NULL,
  created_at {{int}} NOT NULL,
  created_by {{text}} NOT NULL,
  updated_at {{int}} NOT NULL,
  updated_by {{text}} NOT NULL,
  revision {{int}} NOT NULL,
  PRIMARY KEY (dialect, kind, id)
) {{table}};
CREATE INDEX extensions_of_domain ON extensions (domain_id) WHERE domain_id <> '';
CREATE INDEX extensions_by_id ON extensions (dialect, kind, domain_id, id);
CREATE INDEX extensions_by_name ON extensions (dialect, kind, domain_id, name, id);
CREATE INDEX extensions_by_time ON extensions (dialect, kind, domain_id, created_at, id);
CREATE INDEX extensions_below_by_id ON extensions (dialect, kind, domain_id, parent_id, id);
CREATE INDEX extensions_below_by_name ON extensions (dialect, kind, domain_id, parent_id, name, id);
)"};

}  // namespace allauth::store
