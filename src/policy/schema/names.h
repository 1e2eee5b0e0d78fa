// Which words are names, in a schema and in relationships as text.
#pragma once

#include <string_view>

namespace allauth::policy {

inline constexpr std::size_t kMaxPath = 128;  // bytes of a definition's name

// Of a relation or permission: [a-z][a-z0-9_]{1,62}[a-z0-9]
inline bool is_name(std::string_view name) {
  if (name.size() < 3 || name.size() > 64) return false;
  for (const char c : name) {
    if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_')) return false;
  }
  return name.front() >= 'a' && name.front() <= 'z' && name.back() != '_';
}

// Of a definition: names with "/" between them.
inline bool is_path(std::string_view path) {
  if (path.size() > kMaxPath) return false;
  for (std::size_t slash = path.find('/'); slash != std::string_view::npos; slash = path.find('/')) {
    if (!is_name(path.substr(0, slash))) return false;
    path.remove_prefix(slash + 1);
  }
  return is_name(path);
}

}  // namespace allauth::policy
