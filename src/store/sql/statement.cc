#include "store/sql/statement.h"

#include "base/text.h"

namespace allauth::sql {
namespace {

// "id, name" with alias "u" is "u.id, u.name".
void append_columns(std::string& out, std::string_view columns, std::string_view alias) {
  while (!columns.empty()) {
    const auto comma = columns.find(", ");
    if (!alias.empty()) out.append(alias).append(".");
    out += columns.substr(0, comma);
    if (comma == std::string_view::npos) break;
    out += ", ";
    columns.remove_prefix(comma + 2);
  }
}

}  // namespace

std::string render(const Statement& statement, const StatementWords& words) {
  constexpr std::string_view kColumns = "columns";
  std::string out;
  std::string_view rest = statement.text();
  while (true) {
    const auto open = rest.find('{');
    const auto close = rest.find('}', open);
    out += rest.substr(0, open);
    if (open == std::string_view::npos || close == std::string_view::npos) return out;
    const auto word = rest.substr(open + 1, close - open - 1);
    if (word == "for update") {
      out += words.for_update;
    } else if (word == "now") {
      out += words.now;
    } else if (word.ends_with(kColumns)) {
      auto alias = word.substr(0, word.size() - kColumns.size());
      if (alias.ends_with('.')) alias.remove_suffix(1);
      append_columns(out, statement.columns(), alias);
    }
    rest.remove_prefix(close + 1);
  }
}

std::string render_script(std::string_view text, std::span<const ScriptWord> words) {
  std::string out(text);
  for (const auto& [word, meaning] : words) {
    for (auto at = out.find(word); at != std::string::npos; at = out.find(word, at))
      out.replace(at, word.size(), meaning);
  }
  return out;
}

Result<void> check_binds(const Statement& statement, std::span<const Value> binds) {
  if (static_cast<int>(binds.size()) != statement.parameters())
    return fail(Code::bug, "store.sql", "A statement was run with the wrong number of values.", {},
                std::string(statement.name()));
  for (const Value& value : binds) {
    if (value.type() == Value::Type::text && !is_storable(value.bytes()))
      return fail(Code::invalid, "row.text", "Text must be UTF-8 without the character U+0000.", {},
                  std::string(statement.name()));
  }
  return {};
}

bool is_storable(std::string_view text) { return is_utf8(text) && text.find('\0') == std::string_view::npos; }

}  // namespace allauth::sql
