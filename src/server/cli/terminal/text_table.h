// Rows of text in aligned columns.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace allauth::server::cli {

struct Column {
  std::string title;
  bool whole = false;  // never cut, such as ids, which people copy
};

// With its titles above, each cell printable. Where `width` is given and the rows are wider, the widest
// column that may be cut is cut until they fit, or until each has eight columns.
std::string text_table(const std::vector<Column>& columns, const std::vector<std::vector<std::string>>& rows,
                       std::optional<std::size_t> width);

}  // namespace allauth::server::cli
