#include "base/nearest.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace allauth {
namespace {

std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = std::exchange(row[j], std::min({row[j] + 1, row[j - 1] + 1, replaced}));
    }
  }
  return row[b.size()];
}

}  // namespace

std::string nearest(std::string_view name, std::span<const std::string> known) {
  constexpr std::size_t kLongest = 128;  // the work grows with the product of both lengths
  std::string found;
  std::size_t best = name.size() / 2 + 1;
  if (name.size() > kLongest) return found;
  for (const auto& candidate : known) {
    if (const auto d = distance(name, candidate); d < best) {
      best = d;
      found = candidate;
    }
  }
  return found;
}

}  // namespace allauth
