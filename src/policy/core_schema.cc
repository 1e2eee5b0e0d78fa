#include "policy/core_schema.h"

#include <cstdio>
#include <cstdlib>

namespace allauth::policy {

std::shared_ptr<const CompiledSchema> core_schema() {
  static const std::shared_ptr<const CompiledSchema> compiled = [] {
    auto made = compile_schema(core_schema_text());
    if (!made) {
      fmt::print(stderr, "core.schema:{}\n", made.error().message);
      std::abort();
    }
    return std::move(*made);
  }();
  return compiled;
}

Result<std::shared_ptr<const CompiledSchema>> core_schema_with(std::string_view own,
                                                               const CompiledSchema& before) {
  return compile_schema({.text = core_schema_text(), .own = own, .before = &before});
}

}  // namespace allauth::policy
