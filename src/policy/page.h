// Long lists in pages: sorted by id, each id exactly once.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace allauth::policy {

// Where the next page begins. It belongs to a revision: ask the graph of that revision again.
struct Cursor {
  std::string last;  // the last id of the page before
  std::uint64_t revision = 0;
};

struct PageRequest {
  std::optional<Cursor> after = std::nullopt;  // nullopt: from the first
  std::size_t limit = 1000;                    // ids of a page, at least 1
  bool total = false;                          // count all, which costs as much as listing all
};

struct IdPage {
  std::vector<std::string> ids;
  std::optional<Cursor> next;          // nullopt: this is the last page
  std::optional<std::uint64_t> total;  // of all pages, if asked for
};

}  // namespace allauth::policy
