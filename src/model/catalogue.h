// Where a grant on what a foreign application registers lies in the policy's catalogue
// (src/policy/core.schema, definition catalogue): "czertainly/raProfiles/detail/o1".
#pragma once

#include <string>
#include <string_view>

#include "model/access.h"

namespace allauth {

// The kind of such a grant is "<application>/<resource>", or "<application>/*" for all that it has; other
// grants have no "/" in theirs.
inline bool is_foreign(const RoleGrant& grant) { return grant.kind.contains('/'); }

// The entry of a foreign grant.
inline std::string catalogue_entry(const RoleGrant& grant) {
  if (grant.kind.ends_with("/*")) return grant.kind.substr(0, grant.kind.size() - 2);
  if (grant.action == "*") return grant.kind;
  std::string entry = grant.kind + "/" + grant.action;
  return grant.object.empty() ? entry : entry + "/" + grant.object;
}

// The entry that this one lies in; empty: none. Only the name of an object, the fourth, may contain "/".
inline std::string_view catalogue_parent(std::string_view entry) {
  std::size_t end = entry.find('/');
  for (int names = 1; names < 3 && end != std::string_view::npos; ++names) {
    const std::size_t next = entry.find('/', end + 1);
    if (next == std::string_view::npos) break;
    end = next;
  }
  return end == std::string_view::npos ? std::string_view() : entry.substr(0, end);
}

}  // namespace allauth
