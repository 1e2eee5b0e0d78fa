# Writes the file INPUT as a C++ string literal to OUTPUT.
file(READ ${INPUT} TEXT)
file(WRITE ${OUTPUT} "// Generated from core.schema.
#include \"policy/core_schema.h\"

namespace allauth::policy {

std::string_view core_schema_text() {
  return R\"SCHEMA(${TEXT})SCHEMA\";
}

}  // namespace allauth::policy
")
