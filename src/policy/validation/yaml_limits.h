// What a YAML text must not be, looked at before memory is taken for it. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "policy/schema/position.h"

namespace allauth::policy {

inline constexpr std::size_t kMaxYamlValues = 200'000;

struct YamlMistake {
  Position at;
  Reason reason;
  std::string message;
};

// Nothing if it is well-formed and one document, without aliases (which could make a small text stand for a
// huge one) and with at most kMaxYamlValues texts, lists and maps. How deep these may be nested is bounded,
// too. Reasons: validation.syntax, validation.limit.
std::optional<YamlMistake> check_yaml(const std::string& text);

}  // namespace allauth::policy
