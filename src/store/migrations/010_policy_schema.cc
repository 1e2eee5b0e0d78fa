// The schema that an installation has of its own. A program without it would not know what its relationships
// mean, so it must not run beside this.
#include "store/migrations/list.h"

namespace allauth::store {

constinit const Migration kPolicySchema{.version = 10, .min_compatible = 10, .text = R"(
CREATE TABLE policy_schemas (
  name {{text}} NOT NULL PRIMARY KEY,
  text {{text}} NOT NULL,
  created_at {{int}} NOT NULL,
  created_by {{text}} NOT NULL,
  updated_at {{int}} NOT NULL,
  updated_by {{text}} NOT NULL,
  revision {{int}} NOT NULL
) {{clustered}};
)"};

}  // namespace allauth::store
