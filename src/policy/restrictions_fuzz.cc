// Scopes come from callers and from rows.
#include <cstdlib>

#include "policy/restrictions.h"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  using namespace allauth::policy;
  const auto scope = parse_scope({reinterpret_cast<const char*>(data), size});
  if (!scope) return 0;
  const auto again = parse_scope(to_text(*scope));
  if (!again || *again != *scope) std::abort();
  const Restrictions restrictions{{*scope}};
  if (scope->kind != "*" && scope->operation != "*" &&
      !covers(restrictions, {scope->operation, {scope->kind, scope->id}, scope->domain}))
    std::abort();
  return 0;
}
