#include "policy/validation/file_text.h"

#include <optional>

namespace allauth::policy {
namespace {

// Cuts the first line off `rest`, and its end.
std::string_view cut_line(std::string_view& rest) {
  const std::size_t end = rest.find('\n');
  std::string_view line = rest.substr(0, end);
  rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

bool is_blank(std::string_view line) { return line.find_first_not_of(' ') == std::string_view::npos; }

}  // namespace

Position EmbeddedText::in_file(Position within) const {
  if (!keeps_lines_) return start_;
  return {.line = start_.line + within.line - 1, .column = start_.column + within.column - 1};
}

FileText::FileText(std::string_view text) {
  while (!text.empty()) lines_.push_back(cut_line(text));
}

std::string_view FileText::line(std::size_t number) const {
  return number - 1 < lines_.size() ? lines_[number - 1] : std::string_view();
}

EmbeddedText FileText::embedded(std::string text, Position at) const {
  EmbeddedText embedded(std::move(text));
  if (!place_inline(embedded, at) && !place_block(embedded, at)) {
    embedded.start_ = at;
    embedded.keeps_lines_ = false;
  }
  return embedded;
}

// "text", 'text' or text, with nothing in it that is written in another way.
bool FileText::place_inline(EmbeddedText& text, Position at) const {
  const std::string_view here = line(at.line);
  if (at.column > here.size()) return false;
  const std::string_view rest = here.substr(at.column - 1);
  const std::size_t quote = rest.front() == '"' || rest.front() == '\'' ? 1 : 0;
  if (!rest.substr(quote).starts_with(text.text())) return false;
  text.start_ = {.line = at.line, .column = static_cast<std::uint32_t>(at.column + quote)};
  return true;
}

// Below `|`, every line as it is, behind the same number of blanks.
bool FileText::place_block(EmbeddedText& text, Position at) const {
  std::optional<std::size_t> indent;
  std::size_t number = at.line;
  for (std::string_view rest = text.text(); !rest.empty();) {
    const std::string_view wanted = cut_line(rest);
    const std::string_view here = line(++number);
    if (is_blank(wanted)) continue;
    if (!here.ends_with(wanted)) return false;
    const std::size_t before = here.size() - wanted.size();
    if (indent.value_or(before) != before || !is_blank(here.substr(0, before))) return false;
    indent = before;
  }
  text.start_ = {.line = at.line + 1, .column = static_cast<std::uint32_t>(indent.value_or(0) + 1)};
  return true;
}

}  // namespace allauth::policy
