// For tests: relationships as text, "channel:ch1#publisher@client:c1" or "…@role:r1#member".
#pragma once

#include <optional>
#include <string_view>

#include "policy/ref.h"

namespace allauth::policy {

inline std::optional<SubjectRef> parse_subject(std::string_view text) {
  const std::size_t hash = text.rfind('#');
  SubjectRef subject;
  if (hash != std::string_view::npos) {
    subject.relation = text.substr(hash + 1);
    text = text.substr(0, hash);
  }
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos) return std::nullopt;
  subject.object = {text.substr(0, colon), text.substr(colon + 1)};
  return subject;
}

// The relation is the permission when the text is an assertion.
inline std::optional<Edge> parse_edge(std::string_view text) {
  const std::size_t at = text.find('@');
  if (at == std::string_view::npos) return std::nullopt;
  const auto resource = parse_subject(text.substr(0, at));
  const auto subject = parse_subject(text.substr(at + 1));
  if (!resource || !subject || resource->relation.empty()) return std::nullopt;
  return Edge{resource->object, resource->relation, *subject};
}

}  // namespace allauth::policy
