#include "store/sql/postgres_plan.h"

#include <string_view>

#include "base/text.h"

namespace allauth::sql {
namespace {

// A step begins with an arrow, but for the first; what follows belongs to it.
bool begins_step(std::string_view line) { return line.starts_with("->"); }

bool is_scan(std::string_view step) {
  for (const auto word : {"Seq Scan on", "Sort"})
    if (step.find(word) != std::string_view::npos) return true;
  return false;
}

bool uses_index(std::string_view step) {
  return step.find("Index Scan") != std::string_view::npos ||
         step.find("Index Only Scan") != std::string_view::npos;
}

}  // namespace

std::vector<std::string> scans_in(std::span<const std::string> plan) {
  std::vector<std::string> scans;
  for (std::size_t i = 0; i < plan.size(); ++i) {
    const auto step = trim(plan[i]);
    if (i > 0 && !begins_step(step)) continue;
    bool narrowed = false;
    for (std::size_t j = i + 1; j < plan.size() && !begins_step(trim(plan[j])); ++j)
      narrowed |= trim(plan[j]).starts_with("Index Cond:");
    if (is_scan(step) || (uses_index(step) && !narrowed)) scans.emplace_back(step);
  }
  return scans;
}

}  // namespace allauth::sql
