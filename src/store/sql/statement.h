// SQL text as a constant. Only a literal becomes a Statement, so nothing that came from outside can
// become SQL; values go in as binds. One text serves every engine: it keeps to the shared subset and
// numbers its binds $1, $2 … in order of first appearance (an engine may number by appearance).
//
// Words in braces are filled in when it is prepared:
//   {columns}, {alias.columns}  the columns of the row type it is selected into (store/rows.h)
//   {for update}                the engine's way to lock the rows read, where it has one
//   {now}                       milliseconds since 1970 by the database's clock, the same all over a
//   statement
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "base/error.h"
#include "store/sql/value.h"

namespace allauth::sql {

class Statement {
 public:
  // `name` is for metrics and logs: "user.by_email".
  consteval Statement(const char* name, const char* text) : name_(name), text_(text) {
    if (name_.empty()) throw "a statement must have a name";
    parameters_ = count_parameters(text_);
    if (parameters_ < 0) throw "a statement's $n must appear in order, and it holds no ';'";
  }

  // For text that store/ makes from a row description. Both views must outlive every session.
  static Statement generated(std::string_view name, std::string_view text) { return Statement(name, text); }

  // The same statement selecting these columns. The view must outlive every session.
  constexpr Statement with_columns(std::string_view columns) const {
    Statement copy = *this;
    copy.columns_ = columns;
    return copy;
  }

  constexpr std::string_view name() const { return name_; }
  constexpr std::string_view text() const { return text_; }
  constexpr std::string_view columns() const { return columns_; }
  constexpr int parameters() const { return parameters_; }
  // Reads only, as far as its first word tells.
  constexpr bool is_query() const { return text_.starts_with("SELECT ") || text_.starts_with("WITH "); }

 private:
  Statement(std::string_view name, std::string_view text)
      : name_(name), text_(text), parameters_(count_parameters(text)) {}
  static constexpr int count_parameters(std::string_view text);

  std::string_view name_, text_, columns_;
  int parameters_ = 0;
};

// What an engine makes of words in braces.
struct StatementWords {
  std::string_view for_update, now;
};
// The text as an engine gets it, words in braces filled in.
std::string render(const Statement&, const StatementWords&);

// A word of migrations and what it stands for in an engine: {"{{int}}", "BIGINT"}.
using ScriptWord = std::pair<std::string_view, std::string_view>;
std::string render_script(std::string_view text, std::span<const ScriptWord> words);

// What every engine asks of its binds before it looks at them, so that all refuse the same: invalid
// row.text, and bug store.sql if they are not as many as the statement has.
Result<void> check_binds(const Statement&, std::span<const Value> binds);

// Whether every engine can hold it as text: UTF-8 without U+0000.
bool is_storable(std::string_view text);

// The number of different $n, or -1 if they are out of order.
constexpr int Statement::count_parameters(std::string_view text) {
  int count = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == ';') return -1;
    if (text[i] != '$') continue;
    int number = 0;
    while (i + 1 < text.size() && text[i + 1] >= '0' && text[i + 1] <= '9' && number < 100)
      number = number * 10 + (text[++i] - '0');
    if (number < 1 || number > count + 1) return -1;
    if (number > count) count = number;
  }
  return count;
}

}  // namespace allauth::sql
