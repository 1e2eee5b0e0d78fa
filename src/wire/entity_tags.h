// Entity tags in the conditions of a request (RFC 9110 §8.8.3, §13.1). Pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "codec/http.h"

namespace allauth::wire {

struct EntityTag {
  std::string opaque;  // without its quotes
  bool weak = false;
};

// What If-Match or If-None-Match names.
struct EntityTags {
  static constexpr std::size_t kMost = 64;

  bool any = false;  // "*"
  std::vector<EntityTag> tags;

  // As If-None-Match is compared (§8.8.3.2).
  bool match_weakly(std::string_view opaque) const;
};

// All headers of that name are one list; nothing without any. Error: invalid `reason`, if it is no list of
// tags, or one of more than kMost.
Result<std::optional<EntityTags>> read_entity_tags(const http::Headers& headers, std::string_view name,
                                                   Reason reason);

}  // namespace allauth::wire
