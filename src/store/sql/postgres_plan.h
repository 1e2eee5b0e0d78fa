// Plans of PostgreSQL, as EXPLAIN words them.
#pragma once

#include <span>
#include <string>
#include <vector>

namespace allauth::sql {

// Those of the lines of a plan that read a whole table, by itself or by one of its indexes, or sort.
std::vector<std::string> scans_in(std::span<const std::string> plan);

}  // namespace allauth::sql
