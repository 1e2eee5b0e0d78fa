#include "app/policy/schema.h"

#include "policy/core_schema.h"

namespace allauth::app {

SchemaView read_schema(const Core&, const Permit<act::ReadPolicy>&) {
  return {.text = {}, .warnings = {}, .core = policy::core_schema_text(), .stamp = {}};
}

}  // namespace allauth::app
