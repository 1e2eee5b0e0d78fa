#include "server/cli/resource/show.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "server/cli/terminal/terminal.h"
#include "server/cli/terminal/text_table.h"

namespace allauth::server::cli {
namespace {

using Lines = std::vector<std::pair<std::string, std::string>>;

// "2026-11-22T05:12:00.123Z" is read more easily without its thousandths.
std::string without_fraction(std::string text) {
  const bool is_time = text.size() == 24 && text[10] == 'T' && text[19] == '.' && text[23] == 'Z';
  return is_time ? text.substr(0, 19) + "Z" : text;
}

std::string joined(const boost::json::array& array) {
  std::string out;
  for (const auto& item : array) {
    const std::string text =
        item.is_object() && member(item, "name") != nullptr ? text_member(item, "name") : in_one_line(item);
    out += (out.empty() ? "" : item.is_object() ? " / " : ", ") + text;
  }
  return out;
}

// The members of an answer that wraps its thing ({"client": {...}, "key": ...}) stand beside those of the
// thing.
void append_lines(const Json& thing, Lines& lines, bool outermost) {
  for (const auto& [name, value] : thing.as_object()) {
    const bool wrapped = outermost && value.is_object() && name != "metadata";
    if (wrapped)
      append_lines(value, lines, false);
    else
      lines.emplace_back(name, in_one_line(value));
  }
}

bool is_id(std::string_view column) { return column == "id" || column.ends_with("_id"); }

std::string title_of(std::string_view column) {
  std::string title(column.substr(column.rfind('.') + 1));
  if (title.ends_with("_at")) title.resize(title.size() - 3);
  if (title.ends_with("_id")) title.resize(title.size() - 3);
  std::ranges::transform(title, title.begin(), [](char c) {
    return c == '_' ? ' ' : c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  });
  return title;
}

}  // namespace

std::string in_one_line(const Json& value) {
  if (const auto* text = value.if_string()) return without_fraction(std::string(*text));
  if (const auto* array = value.if_array()) return joined(*array);
  if (value.is_object() && value.as_object().empty()) return {};
  return boost::json::serialize(value);
}

std::string at_path(const Json& thing, std::string_view path) {
  const Json* at = &thing;
  for (const auto name : split(path, '.')) {
    at = member(*at, name);
    if (at == nullptr) return {};
  }
  return in_one_line(*at);
}

std::string show_thing(const Json& thing) {
  if (!thing.is_object()) return printable(in_one_line(thing)) + "\n";
  Lines lines;
  append_lines(thing, lines, true);
  std::erase_if(lines, [](const auto& line) { return line.second.empty(); });
  std::size_t widest = 0;
  for (const auto& [name, value] : lines) widest = std::max(widest, columns_of(printable(name)));
  std::string out;
  for (const auto& [name, value] : lines)
    out += fmt::format("{}  {}\n", tinted(fmt::format("{:<{}}", printable(name), widest), Tint::dim),
                       printable(value));
  return out;
}

const boost::json::array* list_in(const Json& answer) {
  if (!answer.is_object()) return nullptr;
  for (const auto& [name, value] : answer.as_object())
    if (value.is_array()) return &value.as_array();
  return nullptr;
}

std::string show_table(const std::vector<const Json*>& things, std::string_view columns) {
  std::vector<Column> titles;
  std::vector<std::vector<std::string>> rows(things.size());
  for (const auto column : split(columns, ' ')) {
    titles.push_back({.title = title_of(column), .whole = is_id(column)});
    for (std::size_t i = 0; i < things.size(); ++i) rows[i].push_back(at_path(*things[i], column));
  }
  return text_table(titles, rows, output_width());
}

}  // namespace allauth::server::cli
