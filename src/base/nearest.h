// "Did you mean …?": the known name that a misspelt one is closest to.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace allauth {

// Of `known`, the one with the fewest single-character changes from `name` (Levenshtein), if these are at
// most half its length; the first of several. Empty if none is that close.
std::string nearest(std::string_view name, std::span<const std::string> known);

}  // namespace allauth
