#include "store/shape.h"

#include <algorithm>
#include <iterator>
#include <span>

#include <fmt/format.h>

namespace allauth::store {
namespace {

std::string joined(std::span<const FieldShape> fields) {
  std::string out;
  for (const auto& field : fields)
    fmt::format_to(std::back_inserter(out), "{}{}", out.empty() ? "" : ", ", field.column);
  return out;
}

// "$1, $2, $3"
std::string binds(std::size_t first, std::size_t count) {
  std::string out;
  for (std::size_t i = 0; i < count; ++i)
    fmt::format_to(std::back_inserter(out), "{}${}", i == 0 ? "" : ", ", first + i);
  return out;
}

// "id = $3 AND other = $4"
std::string equals(std::span<const FieldShape> fields, std::size_t first, std::string_view separator) {
  std::string out;
  for (const auto& field : fields)
    fmt::format_to(std::back_inserter(out), "{}{} = ${}", out.empty() ? "" : separator, field.column,
                   first++);
  return out;
}

// Engines and the text of a Statement bound how many values go into one.
constexpr std::size_t kMostBinds = 900;
constexpr std::size_t kMostRows = 64;

InsertText insert_text(std::string_view table, std::string_view columns, std::size_t width) {
  InsertText insert{.one_text = {}, .many_text = {}, .rows = std::min(kMostRows, kMostBinds / width)};
  const std::string into = fmt::format("INSERT INTO {} ({}) VALUES ", table, columns);
  insert.one_text = fmt::format("{}({})", into, binds(1, width));
  insert.many_text = into;
  for (std::size_t row = 0; row < insert.rows; ++row)
    fmt::format_to(std::back_inserter(insert.many_text), "{}({})", row == 0 ? "" : ", ",
                   binds(1 + row * width, width));
  return insert;
}

// Once the texts stay where they are.
void finish_insert(std::string_view name, InsertText& insert) {
  insert.one = sql::Statement::generated(name, insert.one_text);
  insert.many = sql::Statement::generated(name, insert.many_text);
}

void finish_children(const Shape& shape, ChildShape& child) {
  finish_insert(shape.table, child.insert);
  child.select = sql::Statement::generated(shape.table, child.select_text).with_columns(child.shape->columns);
  child.erase_all = sql::Statement::generated(shape.table, child.erase_all_text);
  child.erase = sql::Statement::generated(shape.table, child.erase_text);
}

}  // namespace

void ShapeMaker::add_field(int number, std::string_view column, const void* member, const MemberType& type) {
  shape_.fields.push_back({number, column, static_cast<const std::byte*>(member) - row_, &type});
}

void ShapeMaker::add_children(int number, const void* member, const VectorType& type, const Shape& child,
                              std::string_view table, std::string_view owner) {
  shape_.children.push_back(
      {.number = number,
       .offset = static_cast<const std::byte*>(member) - row_,
       .type = &type,
       .shape = &child,
       .insert =
           insert_text(table, fmt::format("{}, ordinal, {}", owner, child.columns), child.fields.size() + 2),
       .select_text = fmt::format("SELECT {{columns}} FROM {} WHERE {} = $1 ORDER BY ordinal", table, owner),
       .erase_text = fmt::format("DELETE FROM {} WHERE {} = $1", table, owner),
       .erase_all_text = fmt::format("DELETE FROM {}", table),
       .select = Shape::kNoStatement,
       .erase = Shape::kNoStatement,
       .erase_all = Shape::kNoStatement});
}

void ShapeMaker::finish(Shape& shape) {
  shape.columns = joined(shape.fields);
  if (shape.table.empty()) return;  // a child: its statements are its owner's
  const std::span all(shape.fields);
  const auto keys = all.first(shape.keys);
  const auto others = all.subspan(shape.keys);
  const std::string key_list = joined(keys);
  shape.insert = insert_text(shape.table, shape.columns, all.size());
  shape.update_text = fmt::format("UPDATE {} SET {} WHERE {}", shape.table, equals(others, 1, ", "),
                                  equals(keys, others.size() + 1, " AND "));
  shape.erase_text = fmt::format("DELETE FROM {} WHERE {}", shape.table, equals(keys, 1, " AND "));
  shape.erase_all_text = fmt::format("DELETE FROM {}", shape.table);
  shape.find_text = fmt::format("SELECT {{columns}} FROM {} WHERE {}", shape.table, equals(keys, 1, " AND "));
  shape.page_text = fmt::format("SELECT {{columns}} FROM {} WHERE ({}) > ({}) ORDER BY {} LIMIT ${}",
                                shape.table, key_list, binds(1, keys.size()), key_list, keys.size() + 1);
  shape.count_text = fmt::format("SELECT count(*) FROM {}", shape.table);
  finish_insert(shape.table, shape.insert);
  shape.update = sql::Statement::generated(shape.table, shape.update_text);
  shape.erase = sql::Statement::generated(shape.table, shape.erase_text);
  shape.erase_all = sql::Statement::generated(shape.table, shape.erase_all_text);
  shape.find = sql::Statement::generated(shape.table, shape.find_text).with_columns(shape.columns);
  shape.page = sql::Statement::generated(shape.table, shape.page_text).with_columns(shape.columns);
  shape.count = sql::Statement::generated(shape.table, shape.count_text);
  for (auto& child : shape.children) finish_children(shape, child);
}

}  // namespace allauth::store
