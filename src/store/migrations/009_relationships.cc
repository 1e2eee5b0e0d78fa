// Relationships of the installation's own kinds. Read by object, by subject, and by form (who looks for
// what a change of the schema would leave without a type). A program without them would answer wrongly.
#include "store/migrations/list.h"

namespace allauth::store {

constinit const Migration kRelationships{.version = 9, .min_compatible = 9, .text = R"(
CREATE TABLE relationships (
  resource_kind {{text}} NOT NULL,
  resource_id {{text}} NOT NULL,
  relation {{text}} NOT NULL,
  subject_kind {{text}} NOT NULL,
  subject_id {{text}} NOT NULL,
  subject_relation {{text}} NOT NULL,
  caveat {{text}} NOT NULL,
  caveat_context {{text}} NOT NULL,
  expires_at {{int}},
  created_at {{int}} NOT NULL,
  created_by {{text}} NOT NULL,
  updated_at {{int}} NOT NULL,
  updated_by {{text}} NOT NULL,
  revision {{int}} NOT NULL,
  PRIMARY KEY (resource_kind, resource_id, relation, subject_kind, subject_id, subject_relation)
) {{clustered}};
CREATE INDEX relationships_subject ON relationships
  (subject_kind, subject_id, resource_kind, resource_id, relation, subject_relation);
CREATE INDEX relationships_form ON relationships
  (resource_kind, relation, subject_kind, subject_relation, subject_id);
)"};

}  // namespace allauth::store
