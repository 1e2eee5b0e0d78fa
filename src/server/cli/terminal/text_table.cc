#include "server/cli/terminal/text_table.h"

#include <algorithm>
#include <numeric>

#include "server/cli/terminal/terminal.h"

namespace allauth::server::cli {
namespace {

constexpr std::size_t kGap = 2;
constexpr std::size_t kLeast = 8;

using Row = std::vector<std::string>;

std::size_t total(const std::vector<std::size_t>& widths) {
  return std::accumulate(widths.begin(), widths.end(), kGap * (widths.size() - 1));
}

void fit(std::vector<std::size_t>& widths, const std::vector<Column>& columns, std::size_t into) {
  while (total(widths) > into) {
    std::size_t* widest = nullptr;
    for (std::size_t i = 0; i < widths.size(); ++i)
      if (!columns[i].whole && widths[i] > kLeast && (widest == nullptr || widths[i] > *widest))
        widest = &widths[i];
    if (widest == nullptr) return;
    *widest = std::max(kLeast, *widest - std::min(*widest, total(widths) - into));
  }
}

std::string line_of(const Row& row, const std::vector<std::size_t>& widths) {
  std::string line;
  for (std::size_t i = 0; i < widths.size(); ++i) {
    const std::string cell = cut(row[i], widths[i]);
    line += cell;
    if (i + 1 < widths.size()) line += std::string(widths[i] - columns_of(cell) + kGap, ' ');
  }
  return line.substr(0, line.find_last_not_of(' ') + 1);
}

}  // namespace

std::string text_table(const std::vector<Column>& columns, const std::vector<Row>& rows,
                       std::optional<std::size_t> width) {
  std::vector<Row> cells = rows;
  std::vector<std::size_t> widths;
  Row titles;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    titles.push_back(columns[i].title);
    std::size_t widest = columns_of(columns[i].title);
    for (auto& row : cells) {
      row[i] = printable(row[i]);
      widest = std::max(widest, columns_of(row[i]));
    }
    widths.push_back(widest);
  }
  if (width) fit(widths, columns, *width);
  std::string out = tinted(line_of(titles, widths), Tint::strong) + "\n";
  for (const auto& row : cells) out += line_of(row, widths) + "\n";
  return out;
}

}  // namespace allauth::server::cli
