// Any bytes as schema text: an error with a position or a schema that can be asked about.
#include <cstdlib>

#include "policy/schema/schema.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace allauth::policy;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto schema = compile_schema(text, {.text_bytes = 16 * 1024, .definitions = 64, .members = 64});
  if (!schema) {
    if (schema.error().message.find(':') == std::string::npos) std::abort();
    return 0;
  }
  for (DefinitionId id = 0; id < (*schema)->definition_count(); ++id) {
    if ((*schema)->find_definition((*schema)->definition_name(id)) != id) std::abort();
    (void)(*schema)->find_member(id, "view");
  }
  return 0;
}
